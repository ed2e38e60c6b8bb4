"""A live stage whose engine and sockets only note, in one list, what reaches them and when."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.features import Features
from hubbub.meetings.live.endpoint import SUBPROTOCOL, ControlEndpoint
from hubbub.meetings.live.stage import LiveStage
from hubbub.meetings.live.transcribing import TranscriptionHost
from hubbub.meetings.media.commands import Command
from hubbub.meetings.media.engine import Engine
from hubbub.meetings.media.events import Event
from hubbub.meetings.sdp import Candidate
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.stage import Admitted, Attendee, Elsewhere, Ended, Meeting
from hubbub.meetings.transcription import Transcriptions
from hubbub.settings import Limits
from hubbub.sockets import Accept, Handshake
from hubbub.sockets.contract import Receiver
from tests.unit.meetings.sdp import recorded

MEETING = Meeting(
    "11111111-0000-4000-8000-000000000001", "standup", "1" * 12, "r", "r", time.time(), Features()
)
REPLICA = Meeting(
    "11111111-0000-4000-8000-000000000002",
    "watching",
    "1" * 12,
    "r",
    "r",
    time.time(),
    Features(),
    primary_meeting_id=MEETING.meeting_id,
)
Frame = pb.SdkSignalFrame


def admitted(name: str, meeting: Meeting = MEETING, **more: Any) -> Admitted:
    primary = MEETING if meeting is REPLICA else None
    return Admitted(meeting, Attendee(name, f"user {name}"), Capabilities(), primary, **more)


class Native:
    """In place of `hubbub_media.Engine`."""

    def __init__(self, log: list[Any]) -> None:
        self._log = log
        self._reader, self._writer = os.pipe()
        self.closed = False

    def fingerprint(self) -> str:
        return ":".join(["AB"] * 32)

    def port(self) -> int:
        return 4478

    def fileno(self) -> int:
        return self._reader

    def command(self, data: bytes) -> None:
        self._log += msgspec.msgpack.decode(data, type=list[Command])

    def events(self) -> bytes:
        raise AssertionError("events come by `Site.happen`")

    def stats(self) -> bytes:
        return msgspec.msgpack.encode({"packets_received": 3, "sessions": 1, "news": 7})

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            os.close(self._reader)
            os.close(self._writer)


class Socket:
    """A WebSocket of a client, as its endpoint sees it."""

    peer_ip = "192.0.2.1"

    def __init__(self, log: list[Any]) -> None:
        self._log = log
        self.frames: list[pb.SdkSignalFrame] = []
        self.code: int | None = None
        self.reason = ""
        self.receiver: Receiver | None = None
        self.subprotocol: str | None = None

    def send(self, frame: bytes) -> None:
        assert frame[0] == 0x82  # binary, whole
        start = {126: 4, 127: 10}.get(frame[1], 2)
        assert frame[start] == 5
        read = Frame.FromString(frame[start + 1 :])
        self.frames.append(read)
        self._log.append((self, read.type))

    def close(self, code: int, reason: str = "") -> None:
        if self.code is None:
            self.code, self.reason = code, reason

    def say(self, kind: Frame.Type, **members: Any) -> None:
        assert self.receiver is not None
        self.receiver.message(
            b"\5" + Frame(timestamp_ms=1, type=kind, **members).SerializeToString()
        )

    def gone(self, code: int = 1006) -> None:
        assert self.receiver is not None
        self.receiver.closed(code)

    def types(self) -> list[int]:
        return [frame.type for frame in self.frames]

    def join(self, offer: str = "join") -> None:
        self.say(Frame.JOIN, join=pb.SdkJoinFrame(protocol_version=2, audio_session_id=7))
        subscribe = pb.SdkSubscribeFrame(sdp_offer=recorded.offer(offer))
        self.say(Frame.SUBSCRIBE, sub=subscribe)


class Site:
    """Stage and endpoint; `tokens` is what its directory knows."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.tokens: dict[str, Admitted | Elsewhere | Ended | Exception] = {
            "ada": admitted("ada"),
            "bob": admitted("bob"),
            "watcher": admitted("watcher", REPLICA),
        }
        self.occurrences: list[tuple[str, str, str | None]] = []
        self.native = Native(self.log)
        self.stage = LiveStage((Candidate("udp", "127.0.0.1", 4478),), Limits())
        self.stage.directory = self
        self.stage.engine = Engine(self.native, self.stage.happened)
        host = TranscriptionHost(self.stage)
        self.stage.transcriptions = Transcriptions(None, host, lambda: 1)
        self.endpoint = ControlEndpoint(self.stage)

    async def admit(self, join_token: str) -> Admitted | Elsewhere | Ended | None:
        found = self.tokens.get(join_token)
        if isinstance(found, Exception):
            raise found
        return found

    def occurred(
        self,
        meeting_id: str,
        event_type: str,
        attendee_id: str | None = None,
        external_user_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.occurrences.append((meeting_id, event_type, attendee_id))

    async def open(
        self,
        *subprotocols: str,
        meeting: Meeting = MEETING,
        endpoint: ControlEndpoint | None = None,
    ) -> Socket:
        """A client's WebSocket; with one argument only, that is its token."""
        offered = (SUBPROTOCOL, *subprotocols) if len(subprotocols) == 1 else subprotocols
        path = f"/control/{meeting.meeting_id.upper()}"
        handshake = Handshake(path, "", {}, offered, "192.0.2.1", False)
        socket = Socket(self.log)
        accept = await (endpoint or self.endpoint).handshake(handshake, socket)
        assert isinstance(accept, Accept)
        socket.receiver, socket.subprotocol = accept.receiver, accept.subprotocol
        return socket

    def happen(self, *events: Event) -> None:
        self.stage.happened(events)

    def commands(self, kind: type[Any]) -> Sequence[Any]:
        return [entry for entry in self.log if isinstance(entry, kind)]
