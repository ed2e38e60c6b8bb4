"""Brings the records of one destination to it, as long as there are any."""

from __future__ import annotations

import asyncio
import logging

from hubbub.sinks.batch import Progress
from hubbub.sinks.delivery import Delivery
from hubbub.sinks.failures import count_failure, describe, report
from hubbub.sinks.pace import Pace, backoff, in_thread
from hubbub.sinks.spool import Backlog, Segment

_logger = logging.getLogger("hubbub.sinks")


class Shipper:
    """`run` ends when the backlog is empty, or when `finish` was called and an attempt failed."""

    def __init__(self, backlog: Backlog, delivery: Delivery, pace: Pace) -> None:
        self.backlog = backlog
        self._delivery = delivery
        self._pace = pace
        self._wake = asyncio.Event()
        self._gathering = False
        self._finishing = False

    def written(self) -> None:
        """To be called after each append."""
        if self._gathering and self.backlog.size >= self._pace.batch_bytes:
            self._wake.set()

    def finish(self) -> None:
        """Send what is there without waiting, and try each batch only once more."""
        self._finishing = True
        self._wake.set()

    async def run(self) -> None:
        late = False
        while not self.backlog.empty:
            if not (self.backlog.sealed or late):
                self._gathering = True
                await self._wait(self._pace.interval)
                self._gathering = False
            batch = self.backlog.take(self._pace.batch_bytes)
            failures = await self._ship(batch)
            if failures is None:
                return
            self.backlog.discard(batch)
            late = failures > 0

    async def _ship(self, batch: list[Segment]) -> int | None:
        """How often the destination failed before it took the batch; None: it did not take it."""
        destination = self.backlog.destination
        progress = Progress()
        failures = in_a_row = 0
        while True:
            before = progress.parcels
            try:
                async with self._pace.failing if failures else self._pace.working:
                    await in_thread(lambda: self._delivery.deliver(destination, batch, progress))
            except Exception as error:
                failures += 1
                in_a_row = 1 if progress.parcels > before else in_a_row + 1
                count_failure(destination, error)
                report(destination, failures, describe(error))
            else:
                if failures:
                    _logger.info("%s %s takes records again", destination.kind, destination.name)
                return failures
            if self._finishing:
                return None
            await self._wait(backoff(in_a_row, self._pace.random.random()))

    async def _wait(self, seconds: float) -> None:
        """Until the time is over, enough has gathered or all has to finish."""
        self._wake.clear()
        self.written()
        if self._finishing:
            return
        timer = self._pace.clock.call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()
