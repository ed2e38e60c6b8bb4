"""A busy room: members who listen and members who talk, and what each of them got, and when."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import orjson
from websockets.exceptions import ConnectionClosed

from tests.clients.raw_socket import Chatter, chatter
from tests.clients.world import SEND, World
from tests.server import Server


@dataclass
class Member:
    socket: Chatter
    messages: list[str] = field(default_factory=list)  # contents, in order
    ids: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)  # seconds from sending to getting
    errors: list[dict[str, Any]] = field(default_factory=list)
    closed: int | None = None


class Crowd:
    """`talk` sends; everything else happens by itself. Use as an asynchronous context manager.

    Each message holds its number and the time of sending.
    """

    def __init__(self, world: World, room: str, members: int, servers: Sequence[Server] = ()):
        self._world = world
        self._room = room
        self._urls = [server.websocket for server in servers] or [world.server.websocket]
        self._count = members
        self._numbers = itertools.count()
        self._stack = AsyncExitStack()
        self._heard = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.members: list[Member] = []
        self.sent: list[str] = []

    async def __aenter__(self) -> Crowd:
        for n in range(self._count):
            token = self._world.token(self._room, f"member-{n}", [SEND])["token"]
            url = self._urls[n % len(self._urls)]
            socket = await self._stack.enter_async_context(chatter(url, token))
            member = Member(socket)
            self.members.append(member)
            self._tasks.append(asyncio.create_task(self._listen(member)))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    async def _listen(self, member: Member) -> None:
        try:
            async for data in member.socket.connection:
                now = time.monotonic()
                self._heard.set()
                frame = orjson.loads(data)
                if frame["Type"] == "MESSAGE":
                    content = frame["Content"]
                    member.messages.append(content)
                    member.ids.append(frame["Id"])
                    _, _, sent = content.partition(" ")
                    if sent:  # one of the crowd's own
                        member.delays.append(now - float(sent))
                elif frame["Type"] == "ERROR":
                    member.errors.append(frame)
        except ConnectionClosed:
            pass
        member.closed = member.socket.connection.close_code
        self._heard.set()

    async def talk(self, seconds: float, per_second: float) -> None:
        """Messages at this rate, the members taking turns."""
        turns = itertools.cycle(self.members)
        started = time.monotonic()
        for n in itertools.count():
            due = started + n / per_second
            if due > started + seconds:
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self.say(next(turns))

    async def say(self, member: Member) -> None:
        content = f"{next(self._numbers)} {time.monotonic():.6f}"
        self.sent.append(content)
        await member.socket.say(content)

    async def settled(self, timeout: float = 20) -> None:
        """Wait until everybody who is connected has got everything that was not refused."""

        def settled() -> bool:
            wanted = len(self.sent) - sum(len(member.errors) for member in self.members)
            return all(
                len(member.messages) >= wanted for member in self.members if member.closed is None
            )

        await self._until(settled, timeout)

    async def ended(self, timeout: float = 10) -> None:
        """Wait until nobody is connected any more."""
        await self._until(
            lambda: all(member.closed is not None for member in self.members), timeout
        )

    async def _until(self, reached: Callable[[], bool], timeout: float) -> None:
        async with asyncio.timeout(timeout):
            while not reached():
                self._heard.clear()
                await self._heard.wait()

    def check(self) -> None:
        """Everybody got every message once, in one order, and no error."""
        wanted = sorted(self.sent)
        for member in self.members:
            assert member.errors == []
            assert member.closed is None
            assert sorted(member.messages) == wanted
            assert member.ids == self.members[0].ids

    def delay(self, part: float) -> float:
        """This quantile of all delays, in seconds; then they are forgotten."""
        delays = sorted(delay for member in self.members for delay in member.delays)
        for member in self.members:
            member.delays.clear()
        return delays[min(len(delays) - 1, int(len(delays) * part))]
