"""The timer behind the ends of all sessions: one for the whole node."""

from __future__ import annotations

import asyncio
from typing import Protocol

from hubbub.ivschat.clock import Clock
from hubbub.ivschat.engine.expiry import Entry, Expiries


class Ending(Protocol):
    def session_over(self) -> None:
        """The time of this session has come."""
        ...


class SessionEnds:
    """Calls ``session_over`` of everything added, at its time, from the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expiries: Expiries[Ending] = Expiries()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    def __len__(self) -> int:
        return len(self._expiries)

    def add(self, at: float, ending: Ending) -> Entry[Ending]:
        """``at`` in seconds of the monotonic clock."""
        entry = self._expiries.add(at, ending)
        self._arm()
        return entry

    def discard(self, entry: Entry[Ending]) -> None:
        self._expiries.discard(entry)

    def sweep(self) -> None:
        """End all sessions whose time has come."""
        self._timer = None
        for ending in self._expiries.due(self._clock.monotonic()):
            ending.session_over()
        self._arm()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        at = self._expiries.next_at()
        if at is None or (self._timer is not None and self._timer_at <= at):
            return
        self.close()
        delay = max(0.0, at - self._clock.monotonic())
        self._timer = asyncio.get_running_loop().call_later(delay, self.sweep)
        self._timer_at = at
