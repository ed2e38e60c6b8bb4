"""What the tests of sinks share: names, a clock that is moved by hand, opening and waiting."""

from __future__ import annotations

import asyncio
import gzip
import heapq
import itertools
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hubbub.settings import SinkSettings
from hubbub.sinks import open_sinks
from hubbub.sinks.contract import Destination, DestinationKind, Record, Sinks

HOUR = 3_600_000_000
# Begins an hour, lately: CloudWatch Logs takes nothing from more than 14 days ago.
START = (time.time_ns() // 1_000 // HOUR - 30) * HOUR


class PlainLayout:
    """Short names that show what they are made of."""

    def object_key(
        self, destination: Destination, partition: str, received_at: int, suffix: str
    ) -> str:
        return f"objects/{partition}/{received_at}-{suffix}.log.gz"

    def stream_name(self, destination: Destination, partition: str) -> str:
        return f"streams/{partition}"


LAYOUTS = {"plain": PlainLayout()}


def destination(
    kind: DestinationKind = "s3", name: str = "chat-logs", region: str = "us-east-1"
) -> Destination:
    return Destination(kind, name, region, "123456789012", f"arn:configuration/{kind}/{name}")


def record(number: int, partition: str = "room1", received_at: int | None = None) -> Record:
    at = START + number if received_at is None else received_at
    return Record("plain", partition, at, b'{"number":%d}' % number)


@dataclass(slots=True)
class ManualTimer:
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass(slots=True)
class ManualClock:
    now: float = 0.0
    timers: list[tuple[float, int, ManualTimer, Callable[[], None]]] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def call_later(self, delay: float, callback: Callable[[], None]) -> ManualTimer:
        timer = ManualTimer()
        heapq.heappush(self.timers, (self.now + delay, next(self.numbers), timer, callback))
        return timer

    def due_within(self, seconds: float) -> list[float]:
        """When the timers of shippers are due; that of adoption is left out."""
        return [
            due
            for due, _, timer, callback in self.timers
            if not timer.cancelled
            and due <= self.now + seconds
            and getattr(callback, "__name__", "") != "adopt"
        ]

    async def advance(self, seconds: float) -> None:
        """Let all tasks settle, then move on."""
        for _ in range(5):
            await asyncio.sleep(0)
        self.now += seconds
        while self.timers and self.timers[0][0] <= self.now:
            _, _, timer, callback = heapq.heappop(self.timers)
            if not timer.cancelled:
                callback()
        for _ in range(5):
            await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what threads do, at most ten seconds."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come about within ten seconds")


@dataclass(slots=True)
class Stage:
    """Opens sinks on one data directory, with a clock moved by hand."""

    data_dir: Path
    clock: ManualClock = field(default_factory=ManualClock)
    opened: list[Sinks] = field(default_factory=list)

    def open(self, settings: SinkSettings | None = None) -> Sinks:
        sinks = open_sinks(settings or SinkSettings(), self.data_dir, LAYOUTS, clock=self.clock)
        self.opened.append(sinks)
        return sinks

    def segments(self) -> list[Path]:
        return sorted((self.data_dir / "spool").glob("*/*.segment"))

    @property
    def spooled(self) -> int:
        """Bytes on disk that have not been taken."""
        return sum(path.stat().st_size for path in self.segments())

    async def pass_time(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    async def ship(self, seconds: float = 300.0) -> None:
        """Let the interval pass, and wait until everything is taken."""
        await self.clock.advance(seconds)
        await until(lambda: not self.segments())

    async def close(self) -> None:
        for sinks in self.opened:
            await sinks.close()


def lines_of(*objects: bytes) -> list[bytes]:
    """The records in gzip objects."""
    return [line for body in objects for line in gzip.decompress(body).splitlines()]


def numbers(lines: list[bytes]) -> list[int]:
    """Of the lines that `record` makes."""
    return [int(line.partition(b":")[2].rstrip(b"}")) for line in lines]


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """The kernel then takes only the part of a write() that fits, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
