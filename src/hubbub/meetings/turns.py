"""Changes of one meeting's live state, one after the other.

One invariant: *the stage hears of changes of a meeting in the order in which they were committed*.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """A lock for each meeting that somebody is changing now."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def of(self, meeting_id: str) -> AsyncIterator[None]:
        """Commit and tell within this."""
        lock, waiting = self._locks.get(meeting_id) or (asyncio.Lock(), 0)
        self._locks[meeting_id] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[meeting_id]
            if waiting == 1:
                del self._locks[meeting_id]
            else:
                self._locks[meeting_id] = lock, waiting - 1
