"""Admission times as publications carry them."""

from __future__ import annotations

import time


class MomentText:
    """Epoch microseconds as RFC 3339 text in UTC, ``2026-05-04T08:21:20.754555Z``."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = -1
        self._text = b""

    def __call__(self, at: int) -> bytes:
        second, micro = divmod(at, 1_000_000)
        if second != self._second:
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
            self._second = second
        return b"%b.%06dZ" % (self._text, micro)
