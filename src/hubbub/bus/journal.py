"""Single-use tokens that were spent, remembered over the death of the process.

Invariant: *a token counts as spent only once the operating system holds the record of it*; that
outlives a SIGKILL, and needs no fsync.

Records go to segments of the journal, one line each: ``+ <expiry> <token>`` or ``- <token>``, the
token as hexadecimal UTF-8. A segment is removed when the last token in it has expired, so nothing
is ever rewritten.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

from hubbub.bus.contract import BusUnavailable

SEGMENT_SECONDS = 60
FORGET_AT_ONCE = 4


class SpentTokens:
    """The tokens spent and not yet expired. `now` gives epoch seconds."""

    def __init__(self, directory: Path, now: Callable[[], float]) -> None:
        self._directory = directory
        self._now = now
        self._expiry: dict[str, float] = {}
        self._in_order: deque[str] = deque()
        self._segments: dict[Path, float] = {}  # -> when the last token in it expires
        self._fd = -1
        self._path = directory / "none"
        self._number = 0
        self._begun = 0.0
        self._torn = False  # the last record is incomplete
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted(directory.glob("*.spent")):
            self._load(path)
        self._forget(len(self._in_order))
        self._remove_segments()

    def __len__(self) -> int:
        return len(self._expiry)

    def spend(self, token: str, seconds: float) -> bool:
        """False if it was spent before. Raises BusUnavailable when it cannot be recorded."""
        now = self._now()
        if self._expiry.get(token, 0.0) > now:
            return False
        expiry = now + seconds
        self._append(f"+ {expiry:.3f} {token.encode().hex()}\n", now)
        self._segments[self._path] = max(self._segments[self._path], expiry)
        self._remember(token, expiry)
        self._forget(FORGET_AT_ONCE)
        return True

    def unspend(self, token: str) -> None:
        if token in self._expiry:
            self._append(f"- {token.encode().hex()}\n", self._now())
            # The taking back must not be lost before what it takes back.
            self._segments[self._path] = max(self._segments[self._path], self._expiry[token])
            self._expiry[token] = 0.0

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _append(self, record: str, now: float) -> None:
        try:
            if self._fd < 0 or now - self._begun >= SEGMENT_SECONDS or now < self._begun:
                self._begin_segment(now)
            data = (("\n" if self._torn else "") + record).encode()
            written = os.write(self._fd, data)
        except OSError as error:
            raise BusUnavailable(f"token journal: {error}") from error
        self._torn = written < len(data)
        if self._torn:
            raise BusUnavailable("token journal: out of space")

    def _begin_segment(self, now: float) -> None:
        path = self._directory / f"{self._number + 1:012d}.spent"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.close()
        self._fd, self._path, self._begun, self._torn = fd, path, now, False
        self._number += 1
        self._segments[path] = now
        self._remove_segments()

    def _remove_segments(self) -> None:
        now = self._now()
        for path in [path for path, last in self._segments.items() if last <= now]:
            if path != self._path:
                path.unlink(missing_ok=True)
                del self._segments[path]

    def _remember(self, token: str, expiry: float) -> None:
        if token not in self._expiry:
            self._in_order.append(token)
        self._expiry[token] = expiry

    def _forget(self, most: int) -> None:
        now, tokens = self._now(), self._in_order
        for _ in range(most):
            if not tokens:
                return
            expiry = self._expiry[tokens[0]]
            if expiry > now:
                # Later ones may have expired before it; they wait, which costs only memory.
                return
            del self._expiry[tokens.popleft()]

    def _load(self, path: Path) -> None:
        last = 0.0
        for line in path.read_bytes().split(b"\n"):
            try:
                sign, *rest = line.decode("ascii").split(" ")
                token = bytes.fromhex(rest[-1]).decode()
                if sign == "+":
                    expiry = float(rest[0])
                    self._remember(token, expiry)
                    last = max(last, expiry)
                elif sign == "-" and token in self._expiry:
                    last = max(last, self._expiry[token])
                    self._expiry[token] = 0.0
            except (ValueError, IndexError):
                continue  # the end of a record that did not fit on the disk
        self._segments[path] = last
        with contextlib.suppress(ValueError):
            self._number = max(self._number, int(path.stem))
