"""The front behind uvicorn's HTTP protocol, on a real socket."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from hubbub.sockets import (
    Accept,
    Audience,
    CloseCodes,
    Connection,
    Endpoint,
    Handshake,
    Refuse,
    SocketFront,
)
from tests.unit.sockets.fake_transport import Recorder


class Hall:
    """An endpoint with one audience; a receiver notes what it hears."""

    max_message_bytes = 131_072
    codes = CloseCodes()

    def __init__(self) -> None:
        self.audience = Audience()
        self.receivers: list[Recorder] = []

    async def handshake(self, handshake: Handshake, connection: Connection) -> Accept | Refuse:
        receiver = Recorder(connection)
        self.receivers.append(receiver)
        self.audience.add(connection)
        offered = handshake.subprotocols
        return Accept(receiver, offered[0] if offered else None)


class RawPeer:
    """A client that sends and reads exactly what the test says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def upgrade(self, path: str = "/", subprotocol: str = "") -> bytes:
        """The head of the answer."""
        key = base64.b64encode(os.urandom(16)).decode()
        offer = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        self.writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Extensions: permessage-deflate\r\n{offer}\r\n".encode()
        )
        async with asyncio.timeout(5):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def read_frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame (which must not be a fragment, nor masked)."""
        async with asyncio.timeout(10):
            head, length = await self.reader.readexactly(2)
            assert head & 0x80 and not length & 0x80
            if length == 126:
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return head & 0x0F, await self.reader.readexactly(length)

    async def at_end(self) -> bool:
        async with asyncio.timeout(10):
            return await self.reader.read() == b""

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


class Site:
    """A running listener."""

    def __init__(self, front: SocketFront, port: int, stack: AsyncExitStack) -> None:
        self.front = front
        self.port = port
        self._stack = stack

    async def peer(self, *, tls: ssl.SSLContext | None = None, limit: int = 65_536) -> RawPeer:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            self.port,
            ssl=tls,
            limit=limit,
            server_hostname="localhost" if tls else None,
        )
        peer = RawPeer(reader, writer)
        self._stack.push_async_callback(peer.close)
        return peer


OpenSite = Callable[..., Awaitable[Site]]


async def _no_app(scope: object, receive: object, send: object) -> None:
    raise AssertionError("only WebSockets here")


@asynccontextmanager
async def listening(
    endpoint: Endpoint, tls: ssl.SSLContext | None, **bounds: float
) -> AsyncIterator[tuple[SocketFront, int]]:
    front = SocketFront({"/": endpoint}, **bounds)  # type: ignore[arg-type]
    config = uvicorn.Config(_no_app, ws=front.protocol_class, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: HttpToolsProtocol(config, state, {}), "127.0.0.1", 0, ssl=tls
    )
    try:
        yield front, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await front.drain(0.05)
        await server.wait_closed()


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests on real sockets run on both kinds of loop."""
    if item.path.name == "test_loopback.py":
        return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture
async def open_site() -> AsyncIterator[OpenSite]:
    """Starts listeners: `await open_site(endpoint, tls=…, ping_seconds=…)`."""
    async with AsyncExitStack() as stack:

        async def site(
            endpoint: Endpoint, tls: ssl.SSLContext | None = None, **bounds: float
        ) -> Site:
            front, port = await stack.enter_async_context(listening(endpoint, tls, **bounds))
            return Site(front, port, stack)

        yield site
