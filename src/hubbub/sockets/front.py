"""What all WebSocket connections of a process share: their endpoints, bounds and clock."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Coroutine, Mapping

from hubbub.sockets.contract import Endpoint
from hubbub.sockets.protocol import SocketConnection
from hubbub.sockets.wheel import Wheel

logger = logging.getLogger("hubbub.sockets")

DRAIN_BATCH = 500  # connections closed in one go; receivers do some work for each


class SocketFront:
    """WebSockets for one event loop. `protocol_class` is what uvicorn's ``ws=`` takes.

    `endpoints` are found by the raw request path: exactly, else by the part up to its last slash
    in `below` ("/control/" for "/control/anything"). The bounds: a handshake takes at most
    `handshake_seconds`; beyond `queue_bytes` or `queue_frames` that wait for it, a slow reader is
    closed with 1013; a peer is pinged every `ping_seconds` and dropped when silent for
    `silent_seconds`; it has `close_seconds` to answer a Close, and `linger_seconds` to take one
    that ends a fault. `tick_seconds` is how exact these are.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        below: Mapping[str, Endpoint] | None = None,
        *,
        handshake_seconds: float = 10.0,
        queue_bytes: int = 1_048_576,
        queue_frames: int = 16_384,
        transport_bytes: int = 65_536,
        ping_seconds: float = 30.0,
        silent_seconds: float = 90.0,
        close_seconds: float = 10.0,
        linger_seconds: float = 3.0,
        tick_seconds: float = 1.0,
    ) -> None:
        self._endpoints = endpoints
        self._below = below or {}
        self.handshake_seconds = handshake_seconds
        self.queue_bytes = queue_bytes
        self.queue_frames = queue_frames
        self.transport_bytes = transport_bytes
        self.tick_seconds = tick_seconds
        self.ping_ticks = math.ceil(ping_seconds / tick_seconds)
        self.silent_ticks = math.ceil(silent_seconds / tick_seconds)
        self.close_ticks = math.ceil(close_seconds / tick_seconds)
        self.linger_ticks = math.ceil(linger_seconds / tick_seconds)
        self.wheel = Wheel(lambda: logger.exception("visit failed"))
        self.draining = False
        self._connections: set[SocketConnection] = set()
        self._dirty: list[SocketConnection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._turning: asyncio.TimerHandle | None = None
        self._empty: asyncio.Event | None = None
        self.protocol_class: type[SocketConnection] = type(
            "FrontConnection", (SocketConnection,), {"__slots__": (), "front": self}
        )

    def __len__(self) -> int:
        """Sockets held, those in their handshake or their close included."""
        return len(self._connections)

    async def drain(self, timeout: float) -> None:
        """Refuse new connections, close all to come back, cut off who is left at the time-out."""
        self.draining = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        self._empty = asyncio.Event()
        waiting = list(self._connections)
        for at in range(0, len(waiting), DRAIN_BATCH):
            for connection in waiting[at : at + DRAIN_BATCH]:
                connection.close(connection.codes.restart)
            await asyncio.sleep(0)
        await self._emptied(deadline - loop.time())
        for connection in list(self._connections):
            connection.abort()
        await self._emptied(1.0)

    async def _emptied(self, timeout: float) -> None:
        if self._connections and self._empty is not None:
            try:
                async with asyncio.timeout(timeout):
                    await self._empty.wait()
            except TimeoutError:
                pass

    # --- for connections --------------------------------------------------------------------

    def endpoint(self, path: str) -> Endpoint | None:
        """What answers on a raw request path."""
        return self._endpoints.get(path) or self._below.get(path[: path.rfind("/") + 1])

    def opened(self, connection: SocketConnection) -> None:
        self._connections.add(connection)
        if self._turning is None:
            loop = asyncio.get_running_loop()
            self._schedule(loop, loop.time())

    def lost(self, connection: SocketConnection) -> None:
        self._connections.discard(connection)
        self.wheel.forget(connection)
        if not self._connections:
            if self._turning is not None:
                self._turning.cancel()
                self._turning = None
            if self._empty is not None:
                self._empty.set()

    def spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def mark(self, connection: SocketConnection) -> None:
        """Call its `end_of_tick` at the end of this tick of the loop."""
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._end_of_tick)
        self._dirty.append(connection)

    def _end_of_tick(self) -> None:
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            try:
                connection.end_of_tick()
            except Exception:
                logger.exception("flush failed")
                connection.abort()

    # --- the clock --------------------------------------------------------------------------

    def _schedule(self, loop: asyncio.AbstractEventLoop, last: float) -> None:
        self._turning = loop.call_at(last + self.tick_seconds, self._turn, loop, last)

    def _turn(self, loop: asyncio.AbstractEventLoop, last: float) -> None:
        passed = int((loop.time() - last) / self.tick_seconds + 0.001)
        self._schedule(loop, last + passed * self.tick_seconds)
        self.wheel.turn(self.wheel.now + passed)
