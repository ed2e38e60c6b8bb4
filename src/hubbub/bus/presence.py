"""How many connections all nodes hold, told from node to node through the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

Exchange = Callable[[str, int], Awaitable[int]]
"""Tell a scope and our count in it, hear the sum of all others. Raises when the bus is away."""

INTERVAL_SECONDS = 2.0
EXPIRE_SECONDS = 10.0
SPACING_SECONDS = 0.1
LEAVING = -1


class Presence:
    """Counts by scope: ours at once, those of other nodes as last heard."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._ours: dict[str, int] = {}
        self._others: dict[str, int] = {}
        self._changed: set[str] = set()
        self._wake = asyncio.Event()

    def report(self, scope: str, count: int) -> None:
        self._ours[scope] = count
        self._changed.add(scope)
        self._wake.set()

    def total(self, scope: str) -> int:
        if scope not in self._ours:
            self.report(scope, 0)  # from now on this node wants to know
        return self._ours[scope] + self._others.get(scope, 0)

    async def run(self) -> None:
        """Keep exchanging; a change is told soon, everything every two seconds."""
        while True:
            changed, self._changed = self._changed, set()
            self._wake.clear()
            await self._tell(changed)
            await asyncio.sleep(SPACING_SECONDS)
            try:
                async with asyncio.timeout(INTERVAL_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                self._changed.update(self._ours)

    async def leave(self) -> None:
        for scope in self._ours:
            self._ours[scope] = LEAVING
        await self._tell(set(self._ours))

    async def _tell(self, scopes: set[str]) -> None:
        for scope in scopes:
            try:
                self._others[scope] = await self._exchange(scope, self._ours[scope])
            except Exception:
                # The others' counts expire with them; the next round tells ours again.
                self._changed.add(scope)
                return
