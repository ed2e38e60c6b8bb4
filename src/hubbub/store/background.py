"""Background work over the database, which goes on whatever happens to it."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from hubbub.store.contract import StoreUnavailable

logger = logging.getLogger(__name__)

Piece = Callable[[], Awaitable[bool]]
"""Does a bounded piece of work; True when there is no more of its kind."""


class BackgroundWork(ABC):
    """Runs at once, then every so many seconds, and whenever `wake` is set."""

    def __init__(self, name: str, seconds: float, wake: asyncio.Event | None = None) -> None:
        self._name = name
        self._seconds = seconds
        self._wake = wake or asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False

    @abstractmethod
    async def run(self) -> object:
        """Do all that is due now."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run_on(), name=self._name)

    async def close(self) -> None:
        """Stop where it is; the work goes on at the next start, or on another node."""
        self._is_closing = True
        self._wake.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

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
                async with asyncio.timeout(self._seconds):
                    await self._wake.wait()  # set at once when it is closing
            except TimeoutError:
                continue
