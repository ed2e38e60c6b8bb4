"""Rates with bursts, in virtual time."""

from __future__ import annotations


class Bucket:
    """Lets `rate` a second pass, and `burst` at once after a rest."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = float("-inf")

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Take `amount` if there is as much; otherwise nothing is taken."""
        if now > self._at:
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
            self._at = now
        if self._left < amount:
            return False
        self._left -= amount
        return True
