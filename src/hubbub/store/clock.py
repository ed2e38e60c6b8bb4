"""Where times in columns come from; tests put a clock of their own here."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def microseconds(self) -> int:
        """Epoch microseconds, as the store has times."""
        ...


class SystemClock:
    def microseconds(self) -> int:
        return time.time_ns() // 1_000
