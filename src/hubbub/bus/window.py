"""Rate limits over a sliding second.

Invariant: *no second, wherever it begins, holds more admissions of a key than its limit*. Up to
`EXACT` a second the converse holds too: what would fit is admitted. Above it admissions are
merged by the millisecond and leave the window up to one millisecond late.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence

from hubbub.bus.contract import Limit

SECOND = 1_000_000  # microseconds
MILLISECOND = 1_000
EXACT = 1_000
FORGET_AT_ONCE = 2  # more than are added by one admission of one key, so that memory follows use


class _Used:
    """Admissions of one key within the last second: moments, and how many at each."""

    __slots__ = ("counts", "moments", "total")

    def __init__(self) -> None:
        self.moments: list[int] = []
        self.counts: list[int] = []
        self.total = 0

    def forget_until(self, moment: int) -> None:
        moments = self.moments
        if moments and moments[0] <= moment:
            stop = bisect_right(moments, moment)
            self.total -= stop if self.total == len(moments) else sum(self.counts[:stop])
            del moments[:stop]
            del self.counts[:stop]

    def add(self, moment: int) -> None:
        if self.moments and self.moments[-1] >= moment:
            self.counts[-1] += 1
        else:
            self.moments.append(moment)
            self.counts.append(1)
        self.total += 1


class SlidingWindows:
    """The windows of all keys. Time is an input: microseconds that never go back."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: OrderedDict[str, _Used] = OrderedDict()  # least recently admitted first

    def __len__(self) -> int:
        return len(self._keys)

    def admit(self, limits: Sequence[Limit], now: int) -> Limit | None:
        """Use all limits up by one; or none of them, and return the first that is reached."""
        keys = self._keys
        past = now - SECOND
        for limit in limits:
            used = keys.get(limit.key)
            if used is None:
                if limit.per_second < 1:
                    return limit
            else:
                used.forget_until(past)
                if used.total >= limit.per_second:
                    return limit
        for limit in limits:
            used = keys.get(limit.key)
            if used is None:
                used = keys[limit.key] = _Used()
            else:
                keys.move_to_end(limit.key)
            used.add(now if limit.per_second <= EXACT else now - now % -MILLISECOND)
            self._forget_idle(past)
        return None

    def _forget_idle(self, past: int) -> None:
        keys = self._keys
        for _ in range(FORGET_AT_ONCE):
            key = next(iter(keys))
            moments = keys[key].moments
            if moments and moments[-1] > past:
                return
            del keys[key]
