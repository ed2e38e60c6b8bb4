"""The background work of meetings: those whose time has come end, old ones are forgotten.

Each piece is harmless when another node does it at the same time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from hubbub.store.contract import StoreUnavailable

logger = logging.getLogger(__name__)

POLL_SECONDS = 5.0

Piece = Callable[[], Awaitable[bool]]
"""Does a bounded piece of work; True when there is no more of its kind."""


class Job:
    """Runs the pieces, one after the other."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run_on(), name="meetings-job")

    async def close(self) -> None:
        """Stop where it is; the work goes on at the next start."""
        self._is_closing = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def run(self) -> None:
        """All that is due now."""
        for piece in self._pieces:
            is_done = False
            while not is_done:
                is_done = await piece()

    async def _run_on(self) -> None:
        # A fault on the way out may hide the cancellation.
        while not self._is_closing:
            try:
                await self.run()
            except StoreUnavailable as error:
                logger.warning("background work waits for the database: %s", error)
            except Exception:
                logger.exception("background work failed and will be tried again")
            await asyncio.sleep(POLL_SECONDS)
