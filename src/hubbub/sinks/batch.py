"""Segments on their way out, read again for each attempt so that waiting costs no memory."""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, TypeVar

from hubbub.sinks.contract import Destination
from hubbub.sinks.failures import count_dropped, report
from hubbub.sinks.framing import Damaged, decode_head
from hubbub.sinks.spool import Segment

_YIELD_EVERY = 256  # records between two chances for the event loop's thread
Key = TypeVar("Key")


@dataclass(slots=True)
class Progress:
    """How far a batch has come, kept between attempts."""

    parcels: int = 0
    """Calls of the destination that have succeeded; the same batch makes the same calls."""
    pending: list[int] | None = None
    """Of the next parcel, the records that are still to be sent; None: all."""
    damage_seen: bool = False

    def see(self, damaged: int, destination: Destination) -> None:
        """Count records that cannot be read, once."""
        if damaged and not self.damage_seen:
            self.damage_seen = True
            count_dropped(destination, damaged)
            report(destination, 1, f"{damaged} spooled records cannot be read")


@dataclass(slots=True)
class Entries:
    """Where the lines of some records are: file, offset, length; and when they were received."""

    _fields: array[int] = field(default_factory=lambda: array("q"))

    def add(self, file: int, offset: int, length: int, received_at: int) -> None:
        self._fields.extend((file, offset, length, received_at))

    def __len__(self) -> int:
        return len(self._fields) // 4

    def __getitem__(self, index: int) -> tuple[int, int, int, int]:
        file, offset, length, received_at = self._fields[4 * index : 4 * index + 4]
        return file, offset, length, received_at

    def length(self, index: int) -> int:
        return self._fields[4 * index + 2]

    def received_at(self, index: int) -> int:
        return self._fields[4 * index + 3]


@dataclass(slots=True)
class Batch(Generic[Key]):
    """Open in a ``with`` block; `groups` are the records by `key(layout, partition, received_at)`.

    Groups and the records within keep the order of writing.
    """

    segments: Sequence[Segment]
    key: Callable[[str, str, int], Key]
    groups: dict[Key, Entries] = field(default_factory=dict)
    damaged: int = 0
    """Records that cannot be read; a torn last line is none, for it was never written."""
    _files: list[int] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Batch[Key]:
        with ExitStack() as stack:
            for number, segment in enumerate(self.segments):
                try:
                    descriptor = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:  # deleted by hand, to make room
                    descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
                stack.callback(os.close, descriptor)
                self._files.append(descriptor)
                self._index(number, descriptor)
            self._stack = stack.pop_all()
        return self

    def _index(self, number: int, descriptor: int) -> None:
        with os.fdopen(os.dup(descriptor), "rb", buffering=1 << 18) as file:
            offset = len(file.readline())
            for count, framed in enumerate(file):
                if not count % _YIELD_EVERY:
                    time.sleep(0)
                try:
                    layout, partition, received_at, start = decode_head(framed)
                except Damaged:
                    self.damaged += framed.endswith(b"\n")
                else:
                    key = self.key(layout, partition, received_at)
                    entries = self.groups.get(key)
                    if entries is None:
                        entries = self.groups[key] = Entries()
                    entries.add(number, offset + start, len(framed) - start - 1, received_at)
                offset += len(framed)

    def line(self, entries: Entries, index: int) -> bytes:
        """A record's line, without its newline."""
        file, offset, length, _ = entries[index]
        line = os.pread(self._files[file], length, offset)
        if len(line) != length:
            raise OSError("a segment is shorter than it was")
        return line

    def lines(self, entries: Entries) -> Iterator[bytes]:
        for index in range(len(entries)):
            if not index % _YIELD_EVERY:
                time.sleep(0)
            yield self.line(entries, index)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()
