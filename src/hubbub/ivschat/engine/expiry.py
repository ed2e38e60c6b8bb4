"""When sessions end (spec 6.7).

One invariant: *an item comes due once, at its time, unless it was discarded before*. All
connections share one heap; entries of those that have gone are swept when they are the majority.
"""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

T = TypeVar("T")


class Entry(Generic[T]):
    """A place in the heap; empty once its item is due or discarded."""

    __slots__ = ("at", "item")

    def __init__(self, at: float, item: T) -> None:
        self.at = at
        self.item: T | None = item

    def __lt__(self, other: Entry[T]) -> bool:
        return self.at < other.at


class Expiries(Generic[T]):
    """Items by the time at which they end, in seconds of the caller's clock."""

    def __init__(self) -> None:
        self._heap: list[Entry[T]] = []
        self._discarded = 0

    def __len__(self) -> int:
        return len(self._heap) - self._discarded

    def next_at(self) -> float | None:
        """The earliest time at which something may be due."""
        return self._heap[0].at if self._heap else None

    def add(self, at: float, item: T) -> Entry[T]:
        entry = Entry(at, item)
        heapq.heappush(self._heap, entry)
        return entry

    def discard(self, entry: Entry[T]) -> None:
        """Forget an entry; no effect on one that was due or discarded already."""
        if entry.item is None:
            return
        entry.item = None
        self._discarded += 1
        if self._discarded * 2 > len(self._heap):
            self._heap = [kept for kept in self._heap if kept.item is not None]
            heapq.heapify(self._heap)
            self._discarded = 0

    def due(self, now: float) -> list[T]:
        """Take out everything whose time has come, in order."""
        items: list[T] = []
        while self._heap and self._heap[0].at <= now:
            entry = heapq.heappop(self._heap)
            if entry.item is None:
                self._discarded -= 1
            else:
                items.append(entry.item)
                entry.item = None
        return items
