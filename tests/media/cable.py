"""A network between one client and the server that can be cut.

A TCP relay for signalling and a UDP relay for media. `cut` is what a client sees when its network
changes: the sockets it had are dead, new ones work. `unplug` takes new ones away, too.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, cast

from tests.media.background import Background

LOOPBACK = "127.0.0.1"


class Cable:
    """Use it as a context manager. The ports are those of the server."""

    def __init__(self, background: Background, signalling_port: int, media_port: int) -> None:
        self._background = background
        self._to = (signalling_port, media_port)
        self.signalling_port = 0  # of the relay
        self.media_port = 0
        self.plugged = True
        self.media_blocked = False
        self.loss = 0.0  # part of the media packets of either direction that vanishes
        self.jitter = 0.0  # seconds that media packets are late by, at most
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Cable:
        self._background.run(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._background.run(self._close())

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._relay, LOOPBACK, 0)
        self.signalling_port = self._server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self._media, _ = await loop.create_datagram_endpoint(
            lambda: _ClientSide(self, self._to[1]), local_addr=(LOOPBACK, 0)
        )
        self.media_port = self._media.get_extra_info("sockname")[1]

    async def _close(self) -> None:
        await self._cut()
        self._media.close()
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Both sides' signalling sockets end without a word. Media goes on."""
        self._background.run(self._cut())

    async def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    def unplug(self) -> None:
        """Nothing passes: open sockets fall silent, new ones do not get through."""
        self.plugged = False

    def plug(self) -> None:
        """New sockets work again; those that were open before are dead."""
        self.plugged = True
        self.cut()

    def carry(self, data: bytes, send: Callable[[bytes], None]) -> None:
        """Send a media packet, late or never."""
        if not self.plugged or self.media_blocked or random.random() < self.loss:
            return
        if self.jitter:
            late = random.uniform(0, self.jitter)
            asyncio.get_running_loop().call_later(late, self._deliver, data, send)
        else:
            self._deliver(data, send)

    def _deliver(self, data: bytes, send: Callable[[bytes], None]) -> None:
        if self.plugged and not self._media.is_closing():
            send(data)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if not self.plugged:
                return
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._to[0])
            self._writers.add(far_writer)
            try:
                await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
            finally:
                self._writers.discard(far_writer)
                far_writer.transport.abort()
        except OSError:
            pass  # the server is away, or the cable was cut
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.plugged:
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.write_eof()


class _ClientSide(asyncio.DatagramProtocol):
    """The relay's media port; each address of the client gets a port of its own to the server."""

    def __init__(self, cable: Cable, port: int) -> None:
        self._cable = cable
        self._port = port
        self._servers: dict[Any, _ServerSide] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: Any) -> None:
        server = self._servers.get(address)
        if server is None:
            server = self._servers[address] = _ServerSide(self._cable, self._transport, address)
            loop = asyncio.get_running_loop()
            opening = loop.create_datagram_endpoint(
                lambda: server, remote_addr=(LOOPBACK, self._port)
            )
            server.opening = loop.create_task(opening)
        self._cable.carry(data, server.send)

    def connection_lost(self, error: Exception | None) -> None:
        for server in self._servers.values():
            server.close()


class _ServerSide(asyncio.DatagramProtocol):
    opening: asyncio.Task[Any]

    def __init__(self, cable: Cable, client: asyncio.DatagramTransport, address: Any) -> None:
        self._cable = cable
        self._client = client
        self._address = address
        self._transport: asyncio.DatagramTransport | None = None
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        for data in self._early:
            self._transport.sendto(data)
        self._early.clear()

    def send(self, data: bytes) -> None:
        if self._transport:
            self._transport.sendto(data)
        else:
            self._early.append(data)

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._cable.carry(data, self._send_back)

    def _send_back(self, data: bytes) -> None:
        self._client.sendto(data, self._address)

    def error_received(self, error: Exception) -> None:
        pass  # the server is away

    def close(self) -> None:
        self.opening.cancel()
        if self._transport:
            self._transport.close()
