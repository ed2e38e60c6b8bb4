"""A sliding second (spec 6.6).

One invariant: *in any interval of one second at most ``limit`` takes succeed*.
"""

from __future__ import annotations

SECOND = 1.0


class SlidingWindow:
    """Grants at most ``limit`` takes a second; 0 grants all. A take that fails costs nothing."""

    __slots__ = ("_limit", "_next", "_times")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: list[float] = []  # a ring of the last `limit` takes
        self._next = 0

    def take(self, now: float) -> bool:
        """``now`` in seconds of any clock that does not go back."""
        times = self._times
        if len(times) < self._limit:
            times.append(now)
            return True
        if not times:
            return True
        oldest = self._next
        if now - times[oldest] < SECOND:
            return False
        times[oldest] = now
        self._next = (oldest + 1) % self._limit
        return True
