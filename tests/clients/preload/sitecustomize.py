"""With this directory in PYTHONPATH a server process lives under other conditions.

CLOCK_AHEAD_SECONDS: its time of day is so far ahead, so that no test waits for a session of a
minute to end. FILE_SIZE_LIMIT: no file of it grows beyond so many bytes.
"""

import os
import resource
import time

_ahead = float(os.environ.get("CLOCK_AHEAD_SECONDS", "0"))
_limit = int(os.environ.get("FILE_SIZE_LIMIT", "0"))
_now, _now_ns = time.time, time.time_ns


def _time() -> float:
    return _now() + _ahead


def _time_ns() -> int:
    return _now_ns() + int(_ahead * 1e9)


if _ahead:
    time.time, time.time_ns = _time, _time_ns
if _limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (_limit, resource.RLIM_INFINITY))
