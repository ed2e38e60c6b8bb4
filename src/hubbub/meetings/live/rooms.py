"""One live meeting on the event loop: its room, its WebSockets, its timer.

Invariant: *commands of one input reach the media engine before its frames reach any socket*, in
the same tick: whoever loses a right has lost it in the media when clients are told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.media.commands import CloseSession, Command, EndMeeting, OpenSession
from hubbub.meetings.media.events import Closed, Event, Failed
from hubbub.meetings.signalling import effects as does
from hubbub.meetings.signalling import statuses
from hubbub.meetings.signalling.room import Room
from hubbub.meetings.signalling.rules import Attendee
from hubbub.sockets import Connection, encode_binary

logger = logging.getLogger("hubbub.meetings.live")


class House(Protocol):
    """What all live rooms of a process share."""

    def now(self) -> float:
        """Epoch seconds, never going back."""
        ...

    def tell(self, room: LiveRoom, commands: Sequence[Command]) -> None: ...
    def occurred(self, event: does.Occurred) -> None: ...
    def verify(self, room: LiveRoom, asked: does.Verify) -> None: ...

    def forget(self, session: int) -> None:
        """Neither a socket nor media have this session any more."""
        ...


class LiveRoom:
    """`meeting_id` is the primary's."""

    def __init__(self, meeting_id: str, room: Room, house: House) -> None:
        self.meeting_id = meeting_id
        self._room = room
        self._house = house
        self._sockets: dict[int, Connection] = {}
        self._with_media: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at: float | None = None
        self._is_here = True  # what is told of a meeting that another node holds leads to nothing

    def __len__(self) -> int:
        """Open WebSockets."""
        return len(self._sockets)

    def has_audio(self, meeting_id: str) -> bool:
        return self._room.has_audio(meeting_id)

    def speaker(self, session: int) -> Attendee | None:
        return self._room.speaker(session)

    # sockets

    def opened(self, session: int, attendee: Attendee, content: bool, socket: Connection) -> None:
        self._sockets[session] = socket
        self._apply(self._room.opened(session, attendee, content, self._house.now()))

    def frame(self, session: int, data: bytes) -> None:
        self._apply(self._room.frame(session, data, self._house.now()))

    def socket_closed(self, session: int, code: int) -> None:
        self._sockets.pop(session, None)
        self._apply(self._room.socket_closed(session, self._house.now(), code))
        self._forget(session)

    def verified(self, session: int, attendee: Attendee | None) -> None:
        self._apply(self._room.verified(session, attendee, self._house.now()))

    # the media engine

    def media(self, event: Event) -> None:
        gone: set[int] = set()
        if isinstance(event, Closed):
            gone = {event.session}
        elif isinstance(event, Failed):
            gone = set(self._with_media)
        self._with_media -= gone
        self._apply(self._room.media(event, self._house.now()))
        for session in gone:
            self._forget(session)

    # the control plane

    def capabilities_changed(self, changed: Mapping[str, Capabilities]) -> None:
        self._apply(self._room.capabilities_changed(changed, self._house.now()))

    def attendee_deleted(self, attendee_id: str) -> None:
        self._apply(self._room.attendee_deleted(attendee_id, self._house.now()))

    def replica_ended(self, meeting_id: str) -> None:
        self._apply(self._room.replica_ended(meeting_id, self._house.now()))

    def end(self) -> None:
        self._apply(self._room.end(self._house.now()))
        self._with_media.clear()
        if self._timer is not None:
            self._timer.cancel()

    def let_go(self) -> None:
        """Send everybody away, so that they come back to where the meeting is held now."""
        if self._room.meeting is not None:
            self._house.tell(self, [EndMeeting(self._room.meeting)])
        for session in self._with_media.union(self._sockets):
            self._house.forget(session)
        if self._timer is not None:
            self._timer.cancel()
        for socket in self._sockets.values():
            socket.close(statuses.OTHER_NODE.close, statuses.OTHER_NODE.reason)
        self._sockets.clear()
        self._with_media.clear()
        self._is_here = False

    def transcribe(self, on: bool) -> None:
        self._apply(self._room.transcribe(on, self._house.now()))

    def transcript(self, payload: bytes) -> None:
        self._apply(self._room.transcript(payload, self._house.now()))

    # what comes of it

    def _apply(self, effects: list[does.Effect]) -> None:
        if not self._is_here:
            return
        commands = [each.command for each in effects if isinstance(each, does.Command)]
        if commands:
            for command in commands:
                if isinstance(command, OpenSession):
                    self._with_media.add(command.session)
                elif isinstance(command, CloseSession):
                    self._with_media.discard(command.session)
            self._house.tell(self, commands)
        for effect in effects:
            _DO[type(effect)](self, effect)
        for command in commands:
            if isinstance(command, CloseSession):
                self._forget(command.session)
        self._schedule()

    def _send(self, effect: does.Send) -> None:
        socket = self._sockets.get(effect.session)
        if socket is not None:
            socket.send(encode_binary(effect.frame))

    def _send_all(self, effect: does.SendAll) -> None:
        frame = encode_binary(effect.frame)
        for session in effect.sessions:
            socket = self._sockets.get(session)
            if socket is not None:
                socket.send(frame)

    def _close_socket(self, effect: does.CloseSocket) -> None:
        socket = self._sockets.get(effect.session)
        if socket is not None:
            close_later(socket, effect.code, effect.after_seconds)

    def _occurred(self, effect: does.Occurred) -> None:
        self._house.occurred(effect)

    def _verify(self, effect: does.Verify) -> None:
        self._house.verify(self, effect)

    def _forget(self, session: int) -> None:
        if session not in self._sockets and session not in self._with_media:
            self._house.forget(session)

    # time

    def _schedule(self) -> None:
        at = self._room.next_at()
        if at == self._wakes_at:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wakes_at = at
        if at is not None:
            delay = max(0.0, at - self._house.now())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = self._wakes_at = None
        try:
            self._apply(self._room.tick(self._house.now()))
        except Exception:
            logger.exception("a room failed", extra={"meeting": self.meeting_id})
            self._schedule()


_DO: Mapping[type[does.Effect], Callable[[LiveRoom, Any], None]] = {
    does.Send: LiveRoom._send,
    does.SendAll: LiveRoom._send_all,
    does.CloseSocket: LiveRoom._close_socket,
    does.Command: lambda room, effect: None,  # all of them went first
    does.Occurred: LiveRoom._occurred,
    does.Verify: LiveRoom._verify,
}


def close_later(socket: Connection, code: int, seconds: float, reason: str = "") -> None:
    if seconds > 0:
        asyncio.get_running_loop().call_later(seconds, socket.close, code, reason)
    else:
        socket.close(code, reason)
