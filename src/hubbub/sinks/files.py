"""Files in the place of a service, laid out by the same names."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from hubbub.sinks.batch import Batch, Progress
from hubbub.sinks.cloudwatch_logs import stream_group
from hubbub.sinks.contract import Destination
from hubbub.sinks.delivery import Layouts, layout_of
from hubbub.sinks.parcels import one_group
from hubbub.sinks.paths import path_below
from hubbub.sinks.s3 import objects
from hubbub.sinks.spool import Segment

_CHUNK_BYTES = 1 << 20


class ObjectFiles:
    """S3: ``<root>/<bucket>/<key>``, each file there as a whole or not at all."""

    def __init__(self, root: Path, layouts: Layouts) -> None:
        self._root = root
        self._layouts = layouts

    def deliver(
        self, destination: Destination, segments: Sequence[Segment], progress: Progress
    ) -> None:
        with closing(objects(self._layouts, destination, segments, progress)) as found:
            for key, body in found:
                _write_whole(path_below(self._root, destination.name, key), body)

    def close(self) -> None: ...


class StreamFiles:
    """CloudWatch Logs: ``<root>/<log group>/<stream>.log``."""

    def __init__(self, root: Path, layouts: Layouts) -> None:
        self._root = root
        self._layouts = layouts

    def deliver(
        self, destination: Destination, segments: Sequence[Segment], progress: Progress
    ) -> None:
        with Batch(segments, stream_group) as batch:
            progress.see(batch.damaged, destination)
            for number, ((layout, partition), entries) in enumerate(batch.groups.items()):
                if number < progress.parcels:
                    continue
                stream = layout_of(self._layouts, layout).stream_name(destination, partition)
                path = path_below(self._root, destination.name, f"{stream}.log")
                _append(path, batch.lines(entries))
                progress.parcels += 1

    def close(self) -> None: ...


class DeliveryStreamFiles:
    """Firehose, SNS, SQS and EventBridge: ``<root>/<name>.log``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def deliver(
        self, destination: Destination, segments: Sequence[Segment], progress: Progress
    ) -> None:
        with Batch(segments, one_group) as batch:
            progress.see(batch.damaged, destination)
            for entries in batch.groups.values():
                path = path_below(self._root, f"{destination.name}.log")
                _append(path, batch.lines(entries))

    def close(self) -> None: ...


def _write_whole(path: Path, body: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{os.getpid()}-{path.name[-200:]}")
    try:
        descriptor = os.open(
            unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def _append(path: Path, lines: Iterable[bytes]) -> None:
    """All of the lines or none; alone, for several processes may write to the file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        begin = os.lseek(descriptor, 0, os.SEEK_END)
        try:
            _write_lines(descriptor, lines)
        except OSError:
            os.ftruncate(descriptor, begin)
            raise
    finally:
        os.close(descriptor)


def _write_lines(descriptor: int, lines: Iterable[bytes]) -> None:
    with os.fdopen(os.dup(descriptor), "wb", buffering=_CHUNK_BYTES) as file:
        for line in lines:
            file.write(line)
            file.write(b"\n")
