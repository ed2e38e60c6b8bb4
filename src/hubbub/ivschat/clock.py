"""The store's clock, and the two that rooms and connections need as well."""

from __future__ import annotations

import time
from typing import Protocol

from hubbub.store import clock


class Clock(clock.Clock, Protocol):
    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def wall(self) -> float:
        """Epoch seconds."""
        ...


class SystemClock(clock.SystemClock):
    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)
