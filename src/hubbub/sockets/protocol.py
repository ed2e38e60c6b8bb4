"""One WebSocket connection: an asyncio protocol that takes over from the HTTP one.

| state      | frames given to it         | bytes from the peer          | leaves it with        |
|------------|----------------------------|------------------------------|-----------------------|
| CONNECTING | wait in the queue          | wait, up to a bound          | 101, or an HTTP error |
| OPEN       | leave at the end of a tick | messages and control frames  | `close`, a violation  |
| CLOSING    | dropped                    | only the peer's Close counts | the end of the socket |
| CLOSED     | dropped                    | dropped                      |                       |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, cast

from hubbub.sockets import frames
from hubbub.sockets.audience import Audience, Write
from hubbub.sockets.contract import Accept, CloseCodes, Endpoint, Receiver, Refuse
from hubbub.sockets.frames import Opcode, Violation
from hubbub.sockets.opening import ask
from hubbub.sockets.reader import Event, MessageReader
from hubbub.sockets.upgrade import (
    BadUpgrade,
    RequestHead,
    accept_value,
    parse_head,
    refusal,
    switching_protocols,
)

if TYPE_CHECKING:
    from hubbub.sockets.front import SocketFront

logger = logging.getLogger("hubbub.sockets")

WRITE_CHUNK = 65_536
BURST = 64  # messages and control frames taken from a peer at once; more wait for a moment
BURST_SECONDS = 0.02
EARLY_BYTES = 65_536  # what a peer may send before it has its 101


class State(IntEnum):
    CONNECTING = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


CONNECTING, OPEN, CLOSING, CLOSED = State
_NO_ENDPOINT = CloseCodes()


class SocketConnection(asyncio.Protocol):
    """`hubbub.sockets.contract.Connection` over an asyncio transport.

    `front` is what all connections share; a subclass of the front's own sets it.
    """

    __slots__ = (
        "_audiences",
        "_close_code",
        "_dirty",
        "_early",
        "_endpoint",
        "_heard",
        "_next_ping",
        "_paused",
        "_peer_closed",
        "_queue",
        "_queued",
        "_reader",
        "_receiver",
        "_state",
        "_transport",
        "due",
        "peer_ip",
    )
    front: SocketFront

    def __init__(self, **_uvicorn: object) -> None:
        self._state = CONNECTING
        self._transport = cast(asyncio.Transport, None)
        self._endpoint: Endpoint | None = None
        self._receiver: Receiver | None = None
        self._audiences: tuple[Audience, ...] = ()
        self._queue: list[bytes] | None = None  # what has not reached the transport
        self._queued = 0  # bytes in it
        self._dirty = False  # the front will call `flush` in this tick
        self._paused = False  # the transport wants nothing more for now
        self._reader: MessageReader | None = None  # while a message is under way
        self._early: bytes = b""
        self._close_code = 0  # of the Close frame that was queued or sent
        self._peer_closed = False
        self._heard = self._next_ping = self.due = 0  # ticks
        self.peer_ip = ""

    # --- the transport's side ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            # A listener on "::" has IPv4 peers too, and tells them in IPv6's mapped form.
            self.peer_ip = str(peer[0]).removeprefix("::ffff:")
        self._transport.set_write_buffer_limits(high=self.front.transport_bytes)
        self.front.opened(self)

    def data_received(self, data: bytes) -> None:
        self._heard = self.front.wheel.now
        if self._state is OPEN or (self._state is CLOSING and not self._peer_closed):
            self._read(data)
        elif self._state is CONNECTING:
            if self._endpoint is None:
                self._begin(data)
            else:
                self._early += data
                if len(self._early) > EARLY_BYTES:
                    self._transport.pause_reading()

    def pause_writing(self) -> None:
        self._paused = True
        self._loosen()

    def resume_writing(self) -> None:
        self._paused = False
        # Not here: a transport may be amid a write of its own when it calls this.
        self._mark()

    def eof_received(self) -> None:
        """None: the transport closes itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.front.lost(self)
        self._ended(frames.ABNORMAL)

    @property
    def codes(self) -> CloseCodes:
        return _NO_ENDPOINT if self._endpoint is None else self._endpoint.codes

    # --- the opening handshake --------------------------------------------------------------

    def _begin(self, data: bytes) -> None:
        front = self.front
        try:
            head = parse_head(data)
            endpoint = front.endpoint(head.path)
            if endpoint is None:
                raise BadUpgrade(404, "No WebSocket here")
            accept = accept_value(head)
            if front.draining:
                raise BadUpgrade(503, "Shutting down")
        except BadUpgrade as error:
            self._refuse(error.status, error.body, error.headers)
            return
        self._endpoint = endpoint
        front.spawn(self._shake(endpoint, head, accept))

    async def _shake(self, endpoint: Endpoint, head: RequestHead, accept: str) -> None:
        verdict = await ask(
            endpoint,
            head,
            self,
            secure=self._transport.get_extra_info("sslcontext") is not None,
            seconds=self.front.handshake_seconds,
        )
        if isinstance(verdict, Refuse):
            self._refuse(verdict.status, verdict.body, verdict.headers)
        else:
            self._open(verdict, accept)

    def _open(self, verdict: Accept, accept: str) -> None:
        self._receiver = verdict.receiver
        if self._state is CLOSED:
            self._tell_closed(frames.ABNORMAL)
            return
        self._state = CLOSING if self._close_code else OPEN
        self._transport.write(switching_protocols(accept, verdict.subprotocol))
        front = self.front
        self._heard = front.wheel.now
        self._next_ping = self._heard + front.ping_ticks
        front.wheel.wait(self, front.close_ticks if self._close_code else front.ping_ticks)
        self.flush()
        self._reconsider()
        if self._early:
            early, self._early = self._early, b""
            self._transport.resume_reading()
            self._read(early)

    def _refuse(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        if self._state is CLOSED:
            return
        self._transport.write(refusal(status, body, headers))
        self._drop_queue()
        self._ended(frames.ABNORMAL)
        self._transport.close()
        self.front.wheel.wait(self, self.front.close_ticks)

    # --- reading ----------------------------------------------------------------------------

    def _read(self, data: bytes) -> None:
        reader = self._reader
        if reader is None:
            assert self._endpoint is not None
            reader = MessageReader(self._endpoint.max_message_bytes)
        events: list[Event] = []
        violation: Violation | None = None
        try:
            reader.feed(data, events, BURST)
        except Violation as error:
            violation = error
        self._reader = None if reader.idle else reader
        for opcode, payload in events:
            if self._peer_closed:
                return
            if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
                if self._state is OPEN:
                    self._deliver(payload)
            elif opcode is Opcode.PING:
                self.send(frames.encode(Opcode.PONG, payload))
            elif opcode is Opcode.CLOSE:
                try:
                    self._closed_by_peer(frames.close_code(payload))
                except Violation as error:
                    violation = error
                    break
        if violation is not None and not self._peer_closed:
            self._fail(violation)
        elif reader.more:
            # A flood from one peer must not hold up the others.
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(BURST_SECONDS, self._read_on)

    def _read_on(self) -> None:
        if self._state is not CLOSED and not self._peer_closed:
            self._transport.resume_reading()
            self._read(b"")

    def _deliver(self, payload: bytes) -> None:
        assert self._receiver is not None
        try:
            self._receiver.message(payload)
        except Exception:
            logger.exception("receiver failed on a message")
            self.close(self.codes.failure)

    def _closed_by_peer(self, code: int) -> None:
        self._peer_closed = True
        if self._state is OPEN:
            # Frames that wait for room are of no use to a peer that has left.
            self._loosen()
            self.flush()
            self._drop_queue()
            answer = frames.NORMAL if code == frames.NO_STATUS else code
            self._close_code = answer
            self._transport.write(frames.encode_close(answer))
            self._ended(code)
        else:
            if self._queue is not None:
                self._transport.write(frames.encode_close(self._close_code))
            self._ended(self._close_code)
        self._transport.close()
        self.front.wheel.wait(self, self.front.linger_ticks)

    def _fail(self, violation: Violation) -> None:
        """Close, and let what the peer still sends run into the void for a moment.

        Closing the socket at once with bytes unread would make a reset of it, and the peer
        would not learn the code.
        """
        self._reader = None
        self._peer_closed = True  # nothing it says counts any more
        if self._state is OPEN:
            self.close(violation.code, violation.reason)
        self._half_close()
        self.front.wheel.wait(self, self.front.linger_ticks)

    def _half_close(self) -> None:
        if self._queue is None and self._transport.can_write_eof():
            self._transport.write_eof()

    # --- writing ----------------------------------------------------------------------------

    def send(self, frame: bytes) -> None:
        if self._takes_nothing():
            return
        if self._audiences:
            self._loosen()
            if self._takes_nothing():  # what was pending was too much for it
                return
        self._push(frame)

    def close(self, code: int, reason: str = "") -> None:
        if self._takes_nothing():
            return
        self._loosen()
        if self._takes_nothing():  # what was pending was too much for it
            return
        self._push(frames.encode_close(code, reason), always=True)
        self._close_code = code
        if self._state is OPEN:
            self._state = CLOSING
            self.flush()
            self.front.wheel.wait(self, self.front.close_ticks)

    def _takes_nothing(self) -> bool:
        return self._close_code != 0 or self._state is CLOSED

    def _push(self, frame: bytes, *, always: bool = False) -> None:
        if not always and not self._has_room(frame):
            self.flush()
            if not self._has_room(frame):
                self._overflow()
                return
        if self._queue is None:
            self._queue = []
        self._queue.append(frame)
        self._queued += len(frame)
        self._mark()

    def _has_room(self, frame: bytes) -> bool:
        if self._queue is None:
            return True
        front = self.front
        return (
            self._queued + len(frame) <= front.queue_bytes and len(self._queue) < front.queue_frames
        )

    def _overflow(self) -> None:
        """It reads too slowly: nothing is skipped, it has to come back (spec ivs-chat 6.7)."""
        self.close(self.codes.overflow, "Reading too slowly")
        if self._state is CLOSING:
            self.front.wheel.wait(self, self.front.linger_ticks)

    def _mark(self) -> None:
        if not self._dirty:
            self._dirty = True
            self.front.mark(self)

    def flush(self) -> None:
        """Write what is queued, as far as the transport takes it."""
        queue = self._queue
        if queue is None or self._state is CONNECTING:
            return
        write = self._transport.write
        if not self._paused and self._queued <= WRITE_CHUNK:
            self._drop_queue()
            write(queue[0] if len(queue) == 1 else b"".join(queue))
            return
        start = 0
        while start < len(queue) and not self._paused:
            stop, size = start, 0
            while stop < len(queue) and size < WRITE_CHUNK:
                size += len(queue[stop])
                stop += 1
            self._queued -= size
            write(b"".join(queue[start:stop]))
            start = stop
        if start == len(queue):
            self._queue = None
        else:
            del queue[:start]

    def end_of_tick(self) -> None:
        """The front calls this once after `mark`."""
        self._dirty = False
        if self._state is not CLOSED:
            self.flush()
            self._reconsider()
            if self._state is CLOSING and self._peer_closed:
                self._half_close()

    def _drop_queue(self) -> None:
        self._queue = None
        self._queued = 0

    # --- audiences --------------------------------------------------------------------------

    def joined(self, audience: Audience) -> None:
        self._loosen()
        self._audiences = (*self._audiences, audience)

    def left(self, audience: Audience) -> None:
        self._audiences = tuple(other for other in self._audiences if other is not audience)
        self._reconsider()

    def fast_write(self) -> Write | None:
        if (
            self._state is OPEN
            and not self._paused
            and self._queue is None
            and len(self._audiences) == 1
        ):
            return self._transport.write
        return None

    def _loosen(self) -> None:
        # Only a connection with one audience can be fast in it.
        if len(self._audiences) == 1:
            self._audiences[0].loosen(self)

    def _reconsider(self) -> None:
        if len(self._audiences) == 1:
            self._audiences[0].reconsider(self)

    # --- time and the end -------------------------------------------------------------------

    def visit(self, now: int) -> None:
        """The wheel: ping, or give up."""
        if self._state is not OPEN:
            self._transport.abort()
            return
        front = self.front
        if now - self._heard >= front.silent_ticks:
            self._transport.abort()
            return
        if now >= self._next_ping:
            self._next_ping = now + front.ping_ticks
            self.send(frames.PING)
        front.wheel.wait(self, min(self._next_ping, self._heard + front.silent_ticks) - now)

    def abort(self) -> None:
        self._transport.abort()

    def _ended(self, code: int) -> None:
        """Nothing more to or from the peer; the receiver hears of it once."""
        if self._state is CLOSED:
            return
        self._state = CLOSED
        self._loosen()
        self._drop_queue()
        self._reader = None
        for audience in self._audiences:
            audience.discard(self)
        self._tell_closed(code)

    def _tell_closed(self, code: int) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            try:
                receiver.closed(code)
            except Exception:
                logger.exception("receiver failed on the end of its connection")
