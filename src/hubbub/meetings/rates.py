"""AWS's rates of API calls (chime-meetings A.13); in force only if the settings say so.

One process serves the meetings of a deployment, so that it can count by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.meetings.errors import throttled
from hubbub.store.clock import Clock
from hubbub.wire.service import Call, Handler

BURST = 2
"""So many times the rate at once."""
MOST_KEPT = 10_000


class Buckets:
    """A bucket of calls for each account, region and operation; full ones need not be kept."""

    def __init__(self, per_second: int, clock: Clock) -> None:
        self._per_second = per_second
        self._most = per_second * BURST
        self._clock = clock
        self._left: dict[tuple[str, str, str], tuple[float, int]] = {}

    def take(self, call: Call) -> bool:
        """Is there one left for this call?"""
        now = self._clock.microseconds()
        key = (call.account_id, call.region, call.operation)
        left = self._now(key, now)
        if left < 1:
            return False
        if len(self._left) >= MOST_KEPT and key not in self._left:
            self._forget_full(now)
        self._left[key] = (left - 1, now)
        return True

    def _now(self, key: tuple[str, str, str], now: int) -> float:
        left, at = self._left.get(key, (self._most, now))
        return min(self._most, left + (now - at) * self._per_second / 1_000_000)

    def _forget_full(self, now: int) -> None:
        for key in [each for each in self._left if self._now(each, now) >= self._most]:
            del self._left[key]


def limited(handler: Handler, buckets: Buckets) -> Handler:
    """The operation, refused with ThrottlingException beyond its rate."""

    async def within_rates(call: Call, request: dict[str, Any]) -> Mapping[str, Any] | None:
        if not buckets.take(call):
            raise throttled()
        return await handler(call, request)

    return within_rates
