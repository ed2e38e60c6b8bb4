"""A room with clients that understand its frames as the real one does, in virtual time."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import count
from typing import Any, TypeVar

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.media import commands, events
from hubbub.meetings.sdp import Candidate, LocalTransport
from hubbub.meetings.signalling import frames
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.effects import (
    CloseSocket,
    Command,
    Effect,
    Occurred,
    Send,
    SendAll,
    Verify,
)
from hubbub.meetings.signalling.room import Room
from hubbub.meetings.signalling.rules import Attendee, Rules
from tests.unit.meetings.signalling.offers import Camera, offer

START = 1_800_000_000.0
PRIMARY, REPLICA = "primary", "replica"
Type = pb.SdkSignalFrame
C = TypeVar("C", bound=commands.Command)


class House:
    """One room and all who are in it. `commands` and `occurred` hold what came since `clear`."""

    def __init__(self, **rules: Any) -> None:
        self.now = START
        self.numbers = count(1)
        self.ssrcs = count(5000)
        self.rules = Rules(PRIMARY, START, **rules)
        self.room = self.new_room()
        self.clients: dict[int, Client] = {}
        self.commands: list[commands.Command] = []
        self.occurred: list[Occurred] = []
        self.verifications: list[Verify] = []
        self.effects: list[Effect] = []
        self.closing: list[tuple[float, CloseSocket]] = []

    def new_room(self) -> Room:
        return Room(
            self.rules,
            lambda: next(self.numbers),
            self.transport,
            lambda: next(self.ssrcs),
            self.now,
        )

    def transport(self) -> LocalTransport:
        return LocalTransport(
            "ours", "p" * 22, ":".join(["CD"] * 32), (Candidate("udp", "127.0.0.1", 4478),)
        )

    def apply(self, effects: list[Effect]) -> None:
        self.effects += effects
        for effect in effects:
            match effect:
                case Send(session, frame):
                    self.clients[session].receive(frame)
                case SendAll(sessions, frame):
                    assert len(set(sessions)) == len(sessions) > 0
                    for session in sessions:
                        self.clients[session].receive(frame)
                case CloseSocket(session, code, after):
                    if not self.clients[session].closed:
                        self.clients[session].closed = code
                    self.closing.append((self.now + after, effect))
                case Command(command):
                    self.commands.append(command)
                case Occurred():
                    self.occurred.append(effect)
                case Verify():
                    self.verifications.append(effect)

    def advance(self, seconds: float) -> None:
        """Pass the time with all ticks that are due, and close sockets that are to be."""
        end = self.now + seconds
        while True:
            at = self.room.next_at()
            closing = min((when for when, _ in self.closing), default=None)
            soonest = min(each for each in (at, closing, end) if each is not None)
            if soonest > end or (soonest == end and end not in (at, closing)):
                break
            self.now = max(self.now, soonest)
            due = [each for when, each in self.closing if when <= self.now]
            self.closing = [each for each in self.closing if each[0] > self.now]
            for close in due:
                self.clients[close.session].socket_closes(close.code)
            self.apply(self.room.tick(self.now))
        self.now = end

    def clear(self) -> None:
        self.commands.clear()
        self.occurred.clear()
        self.effects.clear()
        for client in self.clients.values():
            client.frames.clear()

    def told(self) -> list[tuple[str, str]]:
        """Lifecycle events since: type without its prefix, and attendee."""
        return [
            (each.event_type.removeprefix("chime:"), each.attendee_id) for each in self.occurred
        ]

    def given(self, kind: type[C]) -> list[C]:
        """Commands of a kind since."""
        return [each for each in self.commands if isinstance(each, kind)]

    # attendees

    def opened(
        self,
        name: str,
        *,
        content: bool = False,
        capabilities: Capabilities | None = None,
        replica: bool = False,
        model: Model | None = None,
    ) -> Client:
        number = next(self.numbers)
        attendee = Attendee(
            REPLICA if replica else PRIMARY,
            name,
            f"user-{name}",
            capabilities or Capabilities(),
            replica,
        )
        client = self.clients[number] = Client(self, number, attendee, model or Model())
        self.apply(self.room.opened(number, attendee, content, self.now))
        return client

    def enter(
        self,
        name: str,
        *,
        content: bool = False,
        capabilities: Capabilities | None = None,
        replica: bool = False,
        model: Model | None = None,
        camera: Camera = "off",
    ) -> Client:
        """Somebody whose media are up."""
        client = self.opened(
            name, content=content, capabilities=capabilities, replica=replica, model=model
        )
        client.join()
        client.subscribe(camera=camera)
        client.connect()
        self.advance(0.2)
        return client

    def media(self, event: events.Event) -> None:
        self.apply(self.room.media(event, self.now))

    def levels(self, *levels: tuple[Client, int]) -> None:
        assert self.room.meeting is not None
        told = tuple((client.number, volume) for client, volume in levels)
        self.media(events.Levels(self.room.meeting, told))

    def signals(self, *strengths: tuple[Client, int]) -> None:
        assert self.room.meeting is not None
        told = tuple((client.number, strength) for client, strength in strengths)
        self.media(events.Signals(self.room.meeting, told))

    def source(self, stream: int, state: Any) -> None:
        assert self.room.meeting is not None
        self.media(events.Source(self.room.meeting, stream, state, 1, 1))

    def change(self, name: str, **capabilities: Any) -> None:
        changed = {name: Capabilities(**capabilities)}
        self.apply(self.room.capabilities_changed(changed, self.now))


class Model:
    """What a client believes of who is present; it outlives its connections."""

    def __init__(self) -> None:
        self.streams: dict[int, str] = {}
        self.muted: dict[str, bool] = {}
        self.events: list[tuple[str, bool]] = []
        self.dropped: list[str] = []

    @property
    def present(self) -> set[str]:
        return set(self.streams.values())

    def begin(self, frame: pb.SdkAudioStreamIdInfoFrame) -> None:
        """The first frame after SUBSCRIBE_ACK: whoever is not in it has left."""
        now = {stream.attendee_id for stream in frame.streams}
        self.events += [(attendee, False) for attendee in sorted(self.present - now)]
        before, self.streams = self.present & now, {}
        events, self.events = self.events, []
        self.apply(frame)
        self.events = events + [each for each in self.events if each[0] not in before]

    def apply(self, frame: pb.SdkAudioStreamIdInfoFrame) -> None:
        for stream in frame.streams:
            assert stream.audio_stream_id > 0
            if stream.attendee_id:
                if stream.attendee_id not in self.present:
                    self.events.append((stream.attendee_id, True))
                self.streams[stream.audio_stream_id] = stream.attendee_id
            attendee = self.streams[stream.audio_stream_id]
            if stream.HasField("muted"):
                self.muted[attendee] = stream.muted
            elif not stream.attendee_id:
                del self.streams[stream.audio_stream_id]
                if attendee not in self.present:
                    self.events.append((attendee, False))
                    if stream.dropped:
                        self.dropped.append(attendee)


class Client:
    """One WebSocket session, seen from the client. `frames` holds what came since `clear`."""

    def __init__(self, house: House, number: int, attendee: Attendee, model: Model) -> None:
        self.house = house
        self.number = number
        self.attendee = attendee
        self.model = model
        self.frames: list[pb.SdkSignalFrame] = []
        self.closed = 0  # the code that the server closes with
        self.gone = False
        self.ack: pb.SdkSubscribeAckFrame | None = None
        self.index: pb.SdkIndexFrame | None = None
        self.answers = b""
        self.roster_is_due = False
        self.device = 0  # which of the attendee's devices this is, for JOIN

    def has_gone(self) -> bool:
        return self.gone

    # what comes

    def receive(self, data: bytes) -> None:
        assert not self.gone, "nothing is sent to a socket that has gone"
        assert data.startswith(frames.RTC)
        frame = pb.SdkSignalFrame.FromString(data[1:])
        assert frame.IsInitialized()
        assert frame.timestamp_ms == int(self.house.now * 1000)
        self.frames.append(frame)
        match frame.type:
            case Type.INDEX:
                self.index = frame.index
            case Type.SUBSCRIBE_ACK if not frame.HasField("error") or frame.error.status < 300:
                self.roster_is_due = self.ack is None
                self.ack = frame.suback
                self.answers = self.answer_in(frame.suback)
            case Type.AUDIO_STREAM_ID_INFO if self.roster_is_due:
                self.roster_is_due = False
                self.model.begin(frame.audio_stream_id_info)
            case Type.AUDIO_STREAM_ID_INFO:
                self.model.apply(frame.audio_stream_id_info)
            case _:
                pass

    def session_compresses(self) -> bool:
        return any(frame.joinack.wants_compressed_sdp for frame in self.got(Type.JOIN_ACK))

    def got(self, kind: int) -> list[pb.SdkSignalFrame]:
        return [frame for frame in self.frames if frame.type == kind]

    def one(self, kind: int) -> pb.SdkSignalFrame:
        (frame,) = self.got(kind)
        return frame

    @property
    def kinds(self) -> list[str]:
        return [Type.Type.Name(frame.type) for frame in self.frames]

    @property
    def statuses(self) -> list[int]:
        return [frame.audio_status.audio_status for frame in self.got(Type.AUDIO_STATUS)]

    @property
    def sources(self) -> dict[int, str]:
        """Stream -> attendee, of the last INDEX."""
        assert self.index is not None
        return {source.stream_id: source.attendee_id for source in self.index.sources}

    @property
    def shown(self) -> list[str]:
        return sorted(set(self.sources.values()))

    @property
    def streams(self) -> list[int]:
        assert self.ack is not None
        return [allocation.stream_id for allocation in self.ack.allocations]

    @property
    def group(self) -> int:
        assert self.ack is not None
        (group,) = {allocation.group_id for allocation in self.ack.allocations}
        return group

    def answer_in(self, ack: pb.SdkSubscribeAckFrame) -> bytes:
        """An answer's text, decompressed as the client does it."""
        if ack.sdp_answer:
            return ack.sdp_answer.encode()
        expand = zlib.decompressobj(wbits=-15, zdict=self.answers[:31744])
        return expand.decompress(ack.compressed_sdp_answer)

    def answer(self) -> str:
        return self.answers.decode()

    # what goes

    def send(self, kind: int, **body: Any) -> None:
        frame = pb.SdkSignalFrame(timestamp_ms=1, type=Type.Type.Name(kind), **body)
        self.send_bytes(frames.RTC + frame.SerializeToString())

    def send_bytes(self, data: bytes) -> None:
        self.house.apply(self.house.room.frame(self.number, data, self.house.now))

    def join(self, **join: Any) -> None:
        self.send(Type.JOIN, join=pb.SdkJoinFrame(**join))

    def subscribe(
        self,
        *,
        camera: Camera = "off",
        kbps: Sequence[int] | None = None,
        watch: Sequence[int] = (),
        muted: bool = False,
        audio: bool = True,
        codecs: Sequence[int] = (1, 8, 3),
        compressed: bool = False,
        wishes: Sequence[pb.SdkVideoSubscriptionConfiguration] = (),
    ) -> None:
        """`watch`: the streams of the recvonly sections; the first has mid 2."""
        text = offer(camera=camera, tiles=len(watch), audio=audio, codecs=codecs)
        rates = kbps or {"off": (), "on": (1500,), "simulcast": (300, 0, 1200)}[camera]
        sub = pb.SdkSubscribeFrame(
            duplex=pb.RX if camera == "off" else pb.DUPLEX,
            send_streams=[
                pb.SdkStreamDescriptor(
                    stream_id=1,
                    group_id=1,
                    track_label="AmazonChimeExpressAudio",
                    media_type=pb.AUDIO,
                ),
                *(
                    pb.SdkStreamDescriptor(
                        stream_id=2,
                        group_id=2,
                        track_label="AmazonChimeExpressVideo",
                        framerate=15,
                        max_bitrate_kbps=rate,
                        media_type=pb.VIDEO,
                    )
                    for rate in rates
                ),
            ],
            receive_stream_ids=[0, *watch],
            audio_muted=muted,
            video_subscription_configuration=wishes,
        )
        if compressed:
            squeeze = zlib.compressobj(wbits=-15)
            sub.compressed_sdp_offer = squeeze.compress(text.encode()) + squeeze.flush()
        else:
            sub.sdp_offer = text
        self.send(Type.SUBSCRIBE, sub=sub)

    def connect(self) -> None:
        self.house.media(events.Connected(self.number))

    def media_closes(self, reason: str = "silent") -> None:
        self.house.media(events.Closed(self.number, reason))

    def falls_quiet(self, quiet: bool = True) -> None:
        self.house.media(events.Quiet(self.number, quiet))

    def mute(self, muted: bool) -> None:
        self.send(Type.AUDIO_CONTROL, audio_control=pb.SdkAudioControlFrame(muted=muted))

    def say(
        self, data: bytes, *, topic: str = "chat", lifetime_ms: int = 0, times: int = 1
    ) -> None:
        message = pb.SdkDataMessagePayload(topic=topic, data=data, lifetime_ms=lifetime_ms)
        body = pb.SdkDataMessageFrame(messages=[message] * times)
        self.send(Type.DATA_MESSAGE, data_message=body)

    @property
    def heard(self) -> list[pb.SdkDataMessagePayload]:
        return [
            message
            for frame in self.got(Type.DATA_MESSAGE)
            for message in frame.data_message.messages
        ]

    def leave(self) -> None:
        self.send(Type.LEAVE, leave=pb.SdkLeaveFrame())

    def socket_closes(self, code: int = 1006) -> None:
        if not self.gone:
            self.gone = True
            self.house.apply(self.house.room.socket_closed(self.number, self.house.now, code))

    def promote(self, attendee_id: str, join_token: str = "token") -> None:
        credentials = pb.SdkMeetingSessionCredentials(
            attendee_id=attendee_id, external_user_id="x", join_token=join_token
        )
        body = pb.SdkPrimaryMeetingJoinFrame(credentials=credentials)
        self.send(Type.PRIMARY_MEETING_JOIN, primary_meeting_join=body)
