"""Records on disk until their destination has taken them.

One invariant: *what `append` has returned from survives a SIGKILL*: each record is one write() to
the end of a segment file. There is no fsync, so that a power cut may cost the last seconds.
A segment is deleted as a whole, when all of it has been taken.
"""

from __future__ import annotations

import errno
import logging
import os
import time
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from hubbub.sinks.contract import Destination, Record
from hubbub.sinks.framing import Damaged, decode_destination, encode_destination, encode_record
from hubbub.sinks.worker_directory import WorkerDirectory

SEGMENT_BYTES = 8 << 20
_SUFFIX = ".segment"
_logger = logging.getLogger("hubbub.sinks")


class SpoolFull(Exception):
    """The bound is reached; the record is not kept."""


@dataclass(frozen=True, slots=True)
class Segment:
    path: Path
    size: int


@dataclass(slots=True)
class _Active:
    path: Path
    descriptor: int
    size: int = 0


@dataclass(slots=True)
class Backlog:
    """The records of one destination that have not been taken yet, oldest first."""

    destination: Destination
    spool: Spool
    size: int = 0
    sealed: list[Segment] = field(default_factory=list)
    _active: _Active | None = None

    @property
    def empty(self) -> bool:
        return not self.sealed and self._active is None

    def append(self, record: Record) -> None:
        """Raises SpoolFull, and OSError when the disk refuses it; then nothing is kept of it."""
        data = encode_record(record)
        active = self._active
        if active is None:
            header = encode_destination(self.destination)
            self.spool.check(self.size, len(header) + len(data))
            active = self._active = self.spool.create(header)
            data = header + data
        else:
            self.spool.check(self.size, len(data))
        try:
            written = os.write(active.descriptor, data)
            if written != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self._undo(active)
            raise
        active.size += written
        self.size += written
        self.spool.size += written
        if active.size >= SEGMENT_BYTES:
            self._seal()

    def _undo(self, active: _Active) -> None:
        """Leave half a record behind as a torn last line, or not at all."""
        if active.size:
            self._seal()
        else:
            os.close(active.descriptor)
            active.path.unlink()
            self._active = None

    def _seal(self) -> None:
        if self._active is not None:
            os.close(self._active.descriptor)
            self.sealed.append(Segment(self._active.path, self._active.size))
            self._active = None

    def take(self, limit: int) -> list[Segment]:
        """The oldest segments, together up to `limit` bytes, at least one. They stay on disk."""
        self._seal()
        taken: list[Segment] = []
        total = 0
        for segment in self.sealed:
            total += segment.size
            if taken and total > limit:
                break
            taken.append(segment)
        return taken

    def discard(self, taken: list[Segment]) -> None:
        """Delete segments that the destination has taken."""
        del self.sealed[: len(taken)]
        for segment in taken:
            segment.path.unlink(missing_ok=True)
            self.size -= segment.size
            self.spool.size -= segment.size

    def restore(self, segments: list[Segment]) -> None:
        """Add what another process has left."""
        self.sealed += segments
        self.size += sum(segment.size for segment in segments)

    def close(self) -> None:
        """Let go of the open file; the records stay on disk."""
        self._seal()


class Spool:
    """All backlogs of this process. Of `limit` bytes an eighth is kept for small backlogs, so that
    one dead destination does not take the place of all others.
    """

    def __init__(self, root: Path, limit: int) -> None:
        self._directory = WorkerDirectory(root)
        self._limit = limit
        self._reserve = limit // 8
        self.size = 0

    def check(self, backlog_size: int, size: int) -> None:
        """Raises SpoolFull when a backlog of `backlog_size` may not grow by `size`."""
        small = backlog_size + size <= self._limit // 16
        if self.size + size > (self._limit if small else self._limit - self._reserve):
            raise SpoolFull

    def create(self, header: bytes) -> _Active:
        name = f"{time.time_ns():020d}-{blake2b(header, digest_size=6).hexdigest()}"
        path = self._directory.path / f"{name}-{self._directory.id}{_SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        return _Active(path, os.open(path, flags, 0o600))

    def adopt(self) -> dict[Destination, list[Segment]]:
        """What processes that are gone have left, now ours; oldest first."""
        found: dict[Destination, list[Segment]] = {}
        for path in sorted(self._directory.adopt(), key=lambda path: path.name):
            if path.suffix != _SUFFIX:
                continue
            try:
                with path.open("rb") as file:
                    destination = decode_destination(file.readline())
            except Damaged as damage:
                _logger.error("%s: %s; set aside", path, damage)
                path.rename(path.with_suffix(".damaged"))
                continue
            segment = Segment(path, path.stat().st_size)
            found.setdefault(destination, []).append(segment)
            self.size += segment.size
        return found

    def release(self) -> None:
        self._directory.release()
