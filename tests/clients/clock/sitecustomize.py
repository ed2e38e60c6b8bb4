"""With this directory in PYTHONPATH a process lives CLOCK_AHEAD_SECONDS in the future.

So that tests of the server as a whole need not wait for a session of a minute to end.
"""

import os
import time

_ahead = float(os.environ.get("CLOCK_AHEAD_SECONDS", "0"))
_now, _now_ns = time.time, time.time_ns


def _time() -> float:
    return _now() + _ahead


def _time_ns() -> int:
    return _now_ns() + int(_ahead * 1e9)


if _ahead:
    time.time, time.time_ns = _time, _time_ns
