"""One open connection: from its frames to the bus, and back to it when something is refused.

One invariant: *every frame that comes in is answered by exactly one frame with its RequestId*: by
the publication that the room gets, or by an ERROR for this connection alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from hubbub.bus.contract import Admitted, Bus, Outcome, Publication, Refused
from hubbub.ivschat import counts
from hubbub.ivschat.chat_log import ChatLog
from hubbub.ivschat.clock import Clock
from hubbub.ivschat.engine import admission, frames
from hubbub.ivschat.engine.expiry import Entry
from hubbub.ivschat.engine.ids import new_id
from hubbub.ivschat.engine.requests import (
    DELETE_MESSAGE,
    DISCONNECT_USER,
    SEND_MESSAGE,
    DeleteMessage,
    DisconnectUser,
    Refusal,
    Request,
    SendMessage,
)
from hubbub.ivschat.engine.review import sender_of
from hubbub.ivschat.engine.room import ReviewHandler
from hubbub.ivschat.engine.session import (
    Session,
    internal_error,
    rate_exceeded,
    session_expired,
)
from hubbub.ivschat.reviewing import Reviewer
from hubbub.ivschat.session_ends import Ending
from hubbub.sockets import Connection, encode_text
from hubbub.sockets.frames import NORMAL

if TYPE_CHECKING:
    from hubbub.ivschat.rooms_open import OpenRoom

MAX_REVIEWS = 32  # at a time and connection; ten requests a second of 200 ms make two


log = logging.getLogger(__name__)


class Desk:
    """What all connections of a node use: bus, clock, review, log."""

    def __init__(self, bus: Bus, clock: Clock, reviewer: Reviewer, chat_log: ChatLog) -> None:
        self.bus = bus
        self.clock = clock
        self.reviewer = reviewer
        self.chat_log = chat_log
        self.reviews: set[asyncio.Task[None]] = set()


class ChatConnection:
    """The receiver of one socket, from the handshake until it is closed or told to leave."""

    __slots__ = ("_desk", "_gone", "_open_room", "_reviews", "end", "session", "socket")

    def __init__(
        self,
        desk: Desk,
        open_room: OpenRoom,
        session: Session,
        socket: Connection,
        gone: Callable[[ChatConnection, OpenRoom], None],
    ) -> None:
        self.session = session
        self.socket = socket
        self.end: Entry[Ending] | None = None
        self._desk = desk
        self._open_room: OpenRoom | None = open_room
        self._gone = gone
        self._reviews = 0

    def message(self, payload: bytes) -> None:
        """A frame from the client."""
        open_room = self._open_room
        if open_room is None:
            return
        request_id = ""
        try:
            request = self.session.receive(payload, open_room.room, self._desk.clock.monotonic())
            request_id = request.request_id
            if isinstance(request, Refusal):
                self._refuse(request)
            else:
                _HANDLERS[type(request)](self, open_room, request)
        except Exception:
            log.exception("a frame for %s could not be dealt with", open_room.arn)
            self._refuse(internal_error(request_id))

    def closed(self, code: int) -> None:
        """The socket is gone."""
        self._take_leave()

    def session_over(self) -> None:
        """ERROR 401 first, so that the client comes back with a fresh token."""
        self._refuse(session_expired())
        self.leave(NORMAL)

    def leave(self, code: int) -> None:
        """Out of the room at once; what was sent before still reaches the client."""
        self._take_leave()
        self.socket.close(code)

    def _take_leave(self) -> None:
        open_room = self._open_room
        if open_room is not None:
            self._open_room = None
            self._gone(self, open_room)

    def _refuse(self, refusal: Refusal) -> None:
        self.socket.send(encode_text(frames.error(refusal, new_id())))

    def _send_message(self, open_room: OpenRoom, request: SendMessage) -> None:
        counts.requested(SEND_MESSAGE)
        limits = open_room.limits[SEND_MESSAGE]
        handler = open_room.room.review_handler
        if handler is not None:
            if self._reviews >= MAX_REVIEWS:
                self._refuse(rate_exceeded(request.request_id))
                return
            self._reviews += 1
            admitted = partial(self._to_review, open_room, handler, request)
            self._desk.bus.submit(limits, None, admitted)
            return
        publication = admission.publish_message(
            open_room.arn, new_id(), request, self.session.sender
        )
        self._desk.bus.submit(
            limits, publication, partial(self._published, open_room, request, b"MESSAGE")
        )

    def _delete_message(self, open_room: OpenRoom, request: DeleteMessage) -> None:
        counts.requested(DELETE_MESSAGE)
        publication = admission.publish_deletion(open_room.arn, new_id(), request)
        self._publish_event(open_room, DELETE_MESSAGE, request, publication)

    def _disconnect_user(self, open_room: OpenRoom, request: DisconnectUser) -> None:
        counts.requested(DISCONNECT_USER)
        publication = admission.publish_disconnection(open_room.arn, new_id(), request)
        self._publish_event(open_room, DISCONNECT_USER, request, publication)

    def _publish_event(
        self, open_room: OpenRoom, action: str, request: Request, publication: Publication
    ) -> None:
        done = partial(self._published, open_room, request, b"EVENT")
        self._desk.bus.submit(open_room.limits[action], publication, done)

    def _published(
        self, open_room: OpenRoom, request: Request, kind: bytes, outcome: Outcome
    ) -> None:
        if isinstance(outcome, Admitted):
            self._desk.chat_log.write(open_room.room, kind, outcome.at, outcome.payload)
        elif isinstance(outcome, Refused):
            self._refuse(rate_exceeded(request.request_id))
        else:
            self._refuse(internal_error(request.request_id))

    def _to_review(
        self, open_room: OpenRoom, handler: ReviewHandler, request: SendMessage, outcome: Outcome
    ) -> None:
        if not isinstance(outcome, Admitted):
            self._reviews -= 1
            self._published(open_room, request, b"MESSAGE", outcome)
            return
        task = asyncio.create_task(self._review(open_room, handler, request))
        self._desk.reviews.add(task)
        task.add_done_callback(self._desk.reviews.discard)

    async def _review(
        self, open_room: OpenRoom, handler: ReviewHandler, request: SendMessage
    ) -> None:
        """The message has used its allowance already; its time is that of its publication."""
        message_id = new_id()
        try:
            verdict = await self._desk.reviewer.review(
                open_room.room,
                handler,
                message_id,
                request,
                sender_of(self.session, self.socket.peer_ip),
            )
        finally:
            self._reviews -= 1
        if isinstance(verdict, Refusal):
            self._refuse(verdict)
            return
        publication = admission.publish_message(
            open_room.arn, message_id, verdict, self.session.sender
        )
        self._desk.bus.submit(
            (), publication, partial(self._published, open_room, request, b"MESSAGE")
        )


_HANDLERS: Mapping[type, Callable[..., None]] = {
    SendMessage: ChatConnection._send_message,
    DeleteMessage: ChatConnection._delete_message,
    DisconnectUser: ChatConnection._disconnect_user,
}
"""Request -> what is done with it."""
