"""A transport in memory that can be clogged, so that tests decide when a peer reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from hubbub.sockets import Accept, CloseCodes, Connection, Endpoint, Handshake, Refuse, SocketFront
from hubbub.sockets.protocol import SocketConnection

UPGRADE = (
    b"GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
HIGH_WATER = 64


class FakeTransport(asyncio.Transport):
    def __init__(self, peer_ip: str = "192.0.2.1") -> None:
        super().__init__()
        self.peer_ip = peer_ip
        self.protocol: asyncio.Protocol | None = None
        self.writes: list[bytes] = []
        self.clogged = False
        self.buffered = 0
        self.paused = False
        self.reading = True
        self.closed = False
        self.aborted = False
        self.eof = False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self.peer_ip, 5) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.eof
        if self.closed:
            return
        self.writes.append(bytes(data))
        if self.clogged:
            self.buffered += len(data)
            if self.buffered > HIGH_WATER and not self.paused:
                self.paused = True
                assert self.protocol is not None
                self.protocol.pause_writing()

    def unclog(self) -> None:
        self.clogged = False
        self.buffered = 0
        if self.paused:
            self.paused = False
            assert self.protocol is not None
            self.protocol.resume_writing()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.eof = True

    def is_reading(self) -> bool:
        return self.reading

    def was_aborted(self) -> bool:
        return self.aborted

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        self._end()

    def abort(self) -> None:
        self.aborted = True
        self._end()

    def is_closing(self) -> bool:
        return self.closed

    def _end(self) -> None:
        if not self.closed:
            self.closed = True
            assert self.protocol is not None
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    @property
    def frames(self) -> bytes:
        """What was written after the 101."""
        answer, _, rest = b"".join(self.writes).partition(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        return rest


class Recorder:
    """A receiver that notes what it is told."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.messages: list[bytes] = []
        self.codes: list[int] = []

    def message(self, payload: bytes) -> None:
        self.messages.append(payload)

    def closed(self, code: int) -> None:
        self.codes.append(code)


class Gate:
    """An endpoint that accepts everyone, once it is open."""

    max_message_bytes = 1_000
    codes = CloseCodes()

    def __init__(self, *, open_now: bool = True) -> None:
        self.open = asyncio.Event()
        if open_now:
            self.open.set()
        self.receivers: list[Recorder] = []

    async def handshake(self, handshake: Handshake, connection: Connection) -> Accept | Refuse:
        receiver = Recorder(connection)
        self.receivers.append(receiver)
        await self.open.wait()
        return Accept(receiver)


class FakePeer:
    """A connection of a front, and the transport below it."""

    def __init__(
        self, front: SocketFront, peer_ip: str = "192.0.2.1", upgrade: bytes = UPGRADE
    ) -> None:
        self.transport = FakeTransport(peer_ip)
        self.connection: SocketConnection = front.protocol_class()
        self.transport.protocol = self.connection
        self.connection.connection_made(self.transport)
        self.connection.data_received(upgrade)


def make_front(endpoints: Mapping[str, Endpoint], **bounds: float) -> SocketFront:
    """A front whose wheel only the test turns."""
    front = SocketFront(endpoints, **bounds)  # type: ignore[arg-type]
    front.tick_seconds = 3_600.0
    return front


async def ticks(count: int = 5) -> None:
    """Let the loop turn a few times."""
    for _ in range(count):
        await asyncio.sleep(0)
