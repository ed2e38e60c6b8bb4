"""Ways to submit and to listen, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from hubbub.bus import Bus, Delivery, Limit, Outcome, Publication

GENEROUS_SECONDS = 10.0


async def submit(
    bus: Bus, limits: Sequence[Limit] = (), publication: Publication | None = None
) -> Outcome:
    future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    bus.submit(limits, publication, future.set_result)
    return await asyncio.wait_for(future, GENEROUS_SECONDS)


class Listener:
    """Collects deliveries and lets one wait for them."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self._news = asyncio.Event()

    def __call__(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self._news.set()

    @property
    def payloads(self) -> list[bytes]:
        return [delivery.payload for delivery in self.deliveries]

    async def wait_for(self, count: int) -> list[bytes]:
        await until(lambda: len(self.deliveries) >= count, self._news)
        assert len(self.deliveries) == count
        return self.payloads


async def until(condition: Callable[[], bool], news: asyncio.Event | None = None) -> None:
    """Wait for a condition, looking whenever there are news (or every few milliseconds)."""
    async with asyncio.timeout(GENEROUS_SECONDS):
        while not condition():
            if news is None:
                await asyncio.sleep(0.005)
            else:
                news.clear()
                await news.wait()
