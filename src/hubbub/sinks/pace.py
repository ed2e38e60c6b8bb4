"""When things happen: intervals, back-off, and how many deliveries are under way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 60.0


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """The part of an event loop that intervals are made of; tests put their own in its place."""

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer: ...


class LoopClock:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        return self._loop.call_later(delay, callback)


def backoff(failures: int, jitter: float) -> float:
    """Seconds until the next attempt after `failures` in a row; `jitter` is in 0…1."""
    longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * (1 << min(failures - 1, 10)))
    return longest * (0.5 + jitter / 2)


@dataclass(frozen=True, slots=True)
class Pace:
    """What the destinations of one kind share."""

    clock: Clock
    interval: float
    """Seconds that records wait for company."""
    batch_bytes: int
    """A batch goes before its time when it has grown to this."""
    working: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))
    failing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    """Destinations whose last attempt failed wait for each other, not for the others."""
    random: Random = field(default_factory=Random)


async def in_thread(work: Callable[[], None]) -> None:
    """Run blocking work in a thread of its own, which does not keep the process from ending.

    Cancelling leaves the thread to itself.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(None)
        else:
            outcome.set_exception(error)

    def run() -> None:
        failure: Exception | None = None
        try:
            work()
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(settle, failure)

    threading.Thread(target=run, name="hubbub-delivery", daemon=True).start()
    await outcome
