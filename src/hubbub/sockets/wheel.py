"""One timer for all connections.

Invariant: *whoever waits is visited once, in the first tick at or after the one it asked for*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Waiter(Protocol):
    due: int
    """The tick it waits for; the wheel alone writes it. 0: it waits for none."""

    def visit(self, now: int) -> None: ...


class Wheel:
    """Waiters by the tick they are due at. Ticks are counted by whoever turns the wheel."""

    __slots__ = ("_on_error", "_slots", "now")

    def __init__(self, on_error: Callable[[], None]) -> None:
        self.now = 1
        self._slots: dict[int, set[Waiter]] = {}
        self._on_error = on_error  # called in an `except` block

    def wait(self, waiter: Waiter, ticks: int) -> None:
        """Visit `waiter` after so many ticks (at least one), in place of any earlier wish."""
        self.forget(waiter)
        waiter.due = due = self.now + max(1, ticks)
        slot = self._slots.get(due)
        if slot is None:
            slot = self._slots[due] = set()
        slot.add(waiter)

    def forget(self, waiter: Waiter) -> None:
        if waiter.due:
            slot = self._slots.get(waiter.due)
            waiter.due = 0
            if slot is not None:
                slot.discard(waiter)

    def turn(self, now: int) -> None:
        """Move on to tick `now` and visit all that are due by then."""
        while self.now < now:
            self.now += 1
            for waiter in self._slots.pop(self.now, ()):
                if waiter.due == self.now:
                    waiter.due = 0
                    try:
                        waiter.visit(self.now)
                    except Exception:
                        self._on_error()

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))
