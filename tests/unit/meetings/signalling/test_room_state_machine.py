"""A meeting as many clients use it, well and badly, against what must hold at every moment.

The model knows who is joined, what each may do and what each publishes, in plain words; it knows
nothing of how the room gets there.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.media import commands, events
from hubbub.meetings.signalling import frames
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.effects import Command, Send, SendAll
from hubbub.meetings.signalling.rules import Attendee
from tests.unit.meetings.signalling.house import PRIMARY, Client, House, Type
from tests.unit.meetings.signalling.offers import Camera

PRIMARIES = ("ann", "bob", "cy")
VIEWERS = ("vic", "wim")
VALUES = ("SendReceive", "Send", "Receive", "None")

pick = st.integers(0, 1000)
cameras: st.SearchStrategy[Camera] = st.sampled_from(["off", "on", "simulcast"])


class MeetingMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.house = House(cameras=2, shares=1, attendees=4)
        self.capabilities: dict[str, Capabilities] = {}
        self.owners: dict[int, object] = {}

    # who acts

    @property
    def open(self) -> list[Client]:
        return [client for client in self.house.clients.values() if not client.gone]

    def client(self, number: int) -> Client:
        return self.open[number % len(self.open)]

    def published(self, number: int) -> int:
        streams = [s for client in self.open for s in (client.streams if client.ack else [])]
        return streams[number % len(streams)] if streams else 4711

    # what happens

    @initialize(camera=cameras)
    def some_are_there(self, camera: Camera) -> None:
        for name, content in (("ann", False), ("bob", False), ("bob", True), ("vic", False)):
            client = self.house.enter(name, content=content, replica=name in VIEWERS, camera=camera)
            client.device = 1

    @rule(name=st.sampled_from(PRIMARIES + VIEWERS), content=st.booleans(), device=pick)
    def open_a_socket(self, name: str, content: bool, device: int) -> None:
        if len(self.open) < 12:
            client = self.house.opened(
                name,
                content=content,
                replica=name in VIEWERS,
                capabilities=self.capabilities.get(name),
            )
            client.device = device % 2

    @precondition(lambda self: self.open)
    @rule(number=pick, compressed=st.booleans(), adaptation=st.integers(1, 4))
    def join(self, number: int, compressed: bool, adaptation: Any) -> None:
        client = self.client(number)
        client.join(
            audio_session_id=client.device,
            wants_compressed_sdp=compressed,
            server_side_network_adaption=adaptation,
        )

    @precondition(lambda self: self.open)
    @rule(
        number=pick,
        camera=cameras,
        watch=st.lists(pick, max_size=3),
        sound=st.tuples(st.booleans(), st.booleans()),
        layers=st.lists(st.sampled_from([0, 300, 1200]), min_size=3, max_size=3),
    )
    def subscribe(
        self,
        number: int,
        camera: Camera,
        watch: list[int],
        sound: tuple[bool, bool],
        layers: list[int],
    ) -> None:
        client = self.client(number)
        is_heard = client.closed == 0
        before = len(client.got(Type.SUBSCRIBE_ACK))
        client.subscribe(
            camera=camera,
            watch=[self.published(each) if each % 3 else each for each in watch],
            muted=sound[0],
            audio=sound[1],
            kbps=layers if camera == "simulcast" else None,
            compressed=client.session_compresses(),
        )
        acks = len(client.got(Type.SUBSCRIBE_ACK)) - before
        assert acks == (1 if is_heard and 429 not in client.statuses else 0)

    @precondition(lambda self: self.open)
    @rule(number=pick)
    def media_come_up(self, number: int) -> None:
        self.client(number).connect()

    @rule(name=st.sampled_from(PRIMARIES + VIEWERS), content=st.booleans(), camera=cameras)
    def come_in_at_once(self, name: str, content: bool, camera: Camera) -> None:
        if len(self.open) < 12:
            may = self.capabilities.get(name)
            viewer = name in VIEWERS
            client = self.house.opened(name, content=content, replica=viewer, capabilities=may)
            client.device = 1
            client.join(audio_session_id=1)
            client.subscribe(camera=camera)
            client.connect()

    @precondition(lambda self: self.house.clients)
    @rule(number=pick, reason=st.sampled_from(["silent", "dtls", "failed"]))
    def media_go(self, number: int, reason: str) -> None:
        clients = list(self.house.clients.values())
        clients[number % len(clients)].media_closes(reason)

    @precondition(lambda self: self.house.clients)
    @rule(number=pick, quiet=st.booleans())
    def media_fall_quiet(self, number: int, quiet: bool) -> None:
        clients = list(self.house.clients.values())
        clients[number % len(clients)].falls_quiet(quiet)

    @precondition(lambda self: self.open)
    @rule(number=pick, code=st.sampled_from([1000, 1001, 1006]))
    def socket_goes(self, number: int, code: int) -> None:
        self.client(number).socket_closes(code)

    @precondition(lambda self: self.open)
    @rule(number=pick)
    def leave(self, number: int) -> None:
        self.client(number).leave()

    @precondition(lambda self: self.open)
    @rule(number=pick, muted=st.booleans())
    def mute(self, number: int, muted: bool) -> None:
        self.client(number).mute(muted)

    @precondition(lambda self: self.open)
    @rule(number=pick, lifetime=st.sampled_from([0, 1000, 400_000]), times=st.integers(1, 150))
    def say(self, number: int, lifetime: int, times: int) -> None:
        self.client(number).say(b"text", lifetime_ms=lifetime, times=times)

    @rule(
        names=st.sets(st.sampled_from((*PRIMARIES, *VIEWERS)), min_size=1),
        values=st.tuples(*[st.sampled_from(VALUES)] * 3),
    )
    def capabilities_change(self, names: set[str], values: tuple[Any, Any, Any]) -> None:
        changed = dict.fromkeys(sorted(names), Capabilities(*values))
        self.capabilities.update(changed)
        self.house.apply(self.house.room.capabilities_changed(changed, self.house.now))

    @precondition(lambda self: self.open)
    @rule(number=pick, name=st.sampled_from(PRIMARIES), admitted=st.booleans())
    def ask_for_promotion(self, number: int, name: str, admitted: bool) -> None:
        self.client(number).promote(name)
        for verify in self.house.verifications:
            may = self.capabilities.get(name, Capabilities())
            attendee = Attendee(PRIMARY, name, f"user-{name}", may) if admitted else None
            self.house.apply(self.house.room.verified(verify.session, attendee, self.house.now))
        self.house.verifications.clear()

    @precondition(lambda self: self.open)
    @rule(number=pick)
    def give_promotion_up(self, number: int) -> None:
        self.client(number).send(Type.PRIMARY_MEETING_LEAVE)

    @rule(name=st.sampled_from(PRIMARIES + VIEWERS))
    def delete(self, name: str) -> None:
        self.capabilities.pop(name, None)
        self.house.apply(self.house.room.attendee_deleted(name, self.house.now))
        for client in self.open:
            assert client.attendee.attendee_id != name or client.closed

    @rule()
    def the_replica_ends(self) -> None:
        self.house.apply(self.house.room.replica_ended("replica", self.house.now))

    @rule(seconds=st.sampled_from([0.01, 0.3, 2.5, 16.0]))
    def time_passes(self, seconds: float) -> None:
        self.house.advance(seconds)

    @precondition(lambda self: self.open)
    @rule(
        numbers=st.lists(pick, max_size=3),
        state=st.sampled_from(["live", "stalled", "too_large", "fits"]),
    )
    def the_engine_tells(self, numbers: list[int], state: Any) -> None:
        meeting = self.house.room.meeting
        if meeting is None:
            return
        sessions = [self.client(number).number for number in numbers]
        streams = [self.published(number) for number in numbers]
        told: list[events.Event] = [
            events.Levels(meeting, tuple((session, 30) for session in sessions)),
            events.Bitrates(
                meeting,
                tuple((stream, 1000) for stream in streams),
                tuple((session, 9000) for session in sessions),
            ),
            events.Starved(meeting, tuple(streams)),
            events.Signals(meeting, tuple((session, 1) for session in sessions)),
        ]
        told += [events.Source(meeting, stream, state, 1, 1) for stream in streams]
        told += [events.Paused(session, (1,)) for session in sessions]
        for event in told:
            self.house.media(event)

    @precondition(lambda self: self.house.room.meeting is not None)
    @rule()
    def the_engine_loses_the_meeting(self) -> None:
        self.house.media(events.Failed(self.house.room.meeting or 0, "lost"))

    @precondition(lambda self: self.open)
    @rule(number=pick, data=st.binary(max_size=30))
    def garbage(self, number: int, data: bytes) -> None:
        self.client(number).send_bytes(b"\x05\x08\x01" + data)

    @precondition(lambda self: self.open)
    @rule(
        number=pick,
        mids=st.lists(st.sampled_from(["0", "2", "3", "9"]), max_size=3),
        ids=st.tuples(pick, pick),
    )
    def watch_something_else(self, number: int, mids: list[str], ids: tuple[int, int]) -> None:
        client = self.client(number)
        client.send(
            Type.REMOTE_VIDEO_UPDATE,
            remote_video_update=pb.SdkRemoteVideoUpdateFrame(
                added_or_updated_video_subscriptions=[
                    pb.SdkVideoSubscriptionConfiguration(
                        mid=mid, stream_id=self.published(ids[0]), group_id=ids[1] % 3
                    )
                    for mid in mids
                ],
                removed_video_subscription_mids=mids,
            ),
        )
        client.send(Type.PAUSE, pause=pb.SdkPauseResumeFrame(stream_ids=ids))
        client.send(Type.RESUME, pause=pb.SdkPauseResumeFrame(stream_ids=ids))

    # what must hold

    @invariant()
    def no_index_names_what_its_receiver_may_not_have(self) -> None:
        for client in self.open:
            if client.index is None or client.closed:
                continue
            if client.attendee.attendee_id.endswith("#content"):
                assert not client.index.sources
            for source in client.index.sources:
                self.check_source(client, source)

    def check_source(self, client: Client, source: pb.SdkStreamDescriptor) -> None:
        name, is_content = source.attendee_id.removesuffix("#content"), "#" in source.attendee_id
        assert name in PRIMARIES, "nobody is seen as a viewer"
        assert name != client.attendee.attendee_id, "nobody is shown its own"
        assert source.max_bitrate_kbps > 0
        sender = self.capabilities.get(name, Capabilities())
        assert sender.sends_content if is_content else sender.sends_video
        if client.attendee.attendee_id in PRIMARIES:
            receiver = self.capabilities.get(client.attendee.attendee_id, Capabilities())
            assert receiver.receives_content if is_content else receiver.receives_video

    @invariant()
    def all_who_listen_believe_in_the_same_roster(self) -> None:
        rosters = [
            {name for name in client.model.present if name.split("#")[0] in PRIMARIES}
            for client in self.open
            if client.ack is not None and not client.closed
        ]
        assert all(roster == rosters[0] for roster in rosters)

    @invariant()
    def viewers_are_on_no_roster_but_their_own(self) -> None:
        for client in self.open:
            seen = {name.split("#")[0] for name in client.model.present} - set(PRIMARIES)
            assert seen <= {client.attendee.attendee_id}

    @invariant()
    def ids_only_grow_and_belong_to_one(self) -> None:
        for effect in self.house.effects:
            if isinstance(effect, Send | SendAll):
                frame = pb.SdkSignalFrame.FromString(effect.frame[len(frames.RTC) :])
                for info in frame.audio_stream_id_info.streams:
                    self.check_id(info.audio_stream_id, info.attendee_id)
            elif isinstance(effect, Command) and isinstance(effect.command, commands.Configure):
                camera = effect.command.camera
                for encoding in camera.encodings if camera is not None else ():
                    self.check_id(encoding.stream, effect.command.session)
        self.house.effects.clear()

    def check_id(self, number: int, owner: object) -> None:
        """An owner is named with each id at first, later it may be left out."""
        if number not in self.owners:
            assert number > max(self.owners, default=0)
            assert owner
            self.owners[number] = owner
        assert owner in ("", self.owners[number])

    @invariant()
    def the_engine_is_told_of_sessions_that_it_has(self) -> None:
        known: set[int] = set()
        meetings: set[int] = set()
        for command in self.house.commands:
            match command:
                case commands.CreateMeeting(meeting=meeting):
                    assert meeting not in meetings
                    meetings.add(meeting)
                case commands.OpenSession(session=session, meeting=meeting):
                    assert meeting in meetings
                    assert session not in known
                    known.add(session)
                case commands.SetGates(meeting=meeting):
                    assert meeting in meetings
                case commands.EndMeeting(meeting=meeting):
                    assert meeting in meetings
                case (
                    commands.Configure(session=session)
                    | commands.Subscribe(session=session)
                    | commands.Unsubscribe(session=session)
                    | commands.SetMuted(session=session)
                    | commands.Pause(session=session)
                    | commands.Resume(session=session)
                ):
                    assert session in known
                case commands.CloseSession(session=session):
                    known.remove(session)
                case _:
                    pass

    @invariant()
    def joining_and_leaving_alternate(self) -> None:
        present: set[tuple[str, str]] = set()
        for event in self.house.occurred:
            key = (event.meeting_id, event.attendee_id)
            name = event.event_type.removeprefix("chime:Attendee").removeprefix("Content")
            if name == "Joined":
                assert key not in present
                present.add(key)
            elif name in ("Left", "Dropped"):
                assert key in present
                present.discard(key)

    def teardown(self) -> None:
        house = self.house
        house.apply(house.room.end(house.now))
        for client in self.open:
            assert client.closed
        house.advance(3)
        assert not self.open
        assert not house.room.has_audio(PRIMARY)


MeetingMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
test_a_meeting_as_many_use_it = MeetingMachine.TestCase
