"""The background work of identity: clearing, expiration, retention; on one node at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from hubbub.identity.leases import Lease, Lost
from hubbub.store.contract import StoreUnavailable

logger = logging.getLogger(__name__)

POLL_SECONDS = 15.0
"""How often a node looks for work that others have left, and for what has expired."""
PAUSE_SECONDS = 0.02
"""Between two pieces of work, for other calls to get their turn."""

Piece = Callable[[], Awaitable[bool]]
"""Does a bounded piece of work; True when there is no more of its kind."""


class Job:
    """Runs the pieces in turn, so that none waits for the end of another kind."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        lease: Lease,
        wake: asyncio.Event,
        *,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._pieces = pieces
        self._lease = lease
        self._wake = wake
        self._pause_seconds = pause_seconds
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run_on(), name="identity-job")

    async def close(self) -> None:
        """Stop where it is; the work goes on at the next start, or on another node."""
        self._is_closing = True
        self._wake.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def run(self) -> bool:
        """All that is due now; False if another node has the lease."""
        if not await self._lease.take():
            return False
        try:
            waiting = list(self._pieces)
            while waiting:
                waiting = [piece for piece in waiting if not await piece()]
                if waiting:
                    await asyncio.sleep(self._pause_seconds)
                    if not await self._lease.take():
                        return False
        except Lost:
            return False
        finally:
            await self._lease.release()
        return True

    async def _run_on(self) -> None:
        # A fault on the way out may hide the cancellation.
        while not self._is_closing:
            self._wake.clear()
            try:
                await self.run()
            except StoreUnavailable as error:
                logger.warning("background work waits for the database: %s", error)
            except Exception:
                logger.exception("background work failed and will be tried again")
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()  # set at once when it is closing
            except TimeoutError:
                continue
