"""Many attendees in one process on the clients' core: `hubbub-attendee load`, and what it saw."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.load import PINNED, LoadFailed
from bench.places import ROOT
from bench.process import Process
from bench.watch import Watch

PROGRAM = ROOT / "media" / "target" / "release" / "hubbub-attendee"
JOIN_RATE = 150
PATIENCE = 15.0  # seconds, from the last one's start to its connection
MARGIN = 0.2
"""Seconds at both ends of the counted time in which the server is not watched."""
OVERTIME = 90.0


class Flow(msgspec.Struct):
    """What all received of one kind; `expected` as it ought to be, `lost` by sequence numbers."""

    streams: int
    wanted_streams: int
    expected: int
    received: int
    lost: int
    loss: float
    packets_per_second: float
    bits_per_second: float


class Percentiles(msgspec.Struct):
    """None without samples."""

    samples: int
    p50: float | None = None
    p95: float | None = None


class Sent(msgspec.Struct):
    packets_per_second: float


class Sampled(msgspec.Struct):
    damaged: int
    concealment: float


class Generator(msgspec.Struct):
    cpu_share: float
    refused: int
    overloaded: bool


class Report(msgspec.Struct):
    """The load client's result, the part that is used here; times in ms."""

    connected: int
    failures: dict[str, int]
    join_seconds: float
    audio: Flow
    video: Flow
    sent: Sent
    audio_latency_ms: Percentiles
    video_latency_ms: Percentiles
    sampled: Sampled
    generator: Generator


@dataclass(frozen=True, slots=True)
class Seen:
    report: Report
    watch: Watch

    @property
    def cpu_share(self) -> float:
        """Of the server's core, while its clients counted."""
        return self.watch.cpu_seconds / self.watch.seconds


def attend(
    process: Process, way_in: Sequence[str], what: Sequence[str], *, warm_up: float, seconds: float
) -> Seen:
    """Joins, waits, counts. Raises LoadFailed when nobody got in or the client broke."""
    if not PROGRAM.exists():
        raise LoadFailed(f"{PROGRAM} is not built: that takes a Rust toolchain")
    command: tuple[str | Path, ...] = (
        *PINNED,
        PROGRAM,
        "load",
        *way_in,
        *what,
        *("--join-rate", str(JOIN_RATE), "--patience", str(PATIENCE)),
        *("--warmup", str(warm_up), "--duration", str(seconds)),
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as popen:
        assert popen.stderr is not None
        end = threading.Timer(OVERTIME, popen.kill)
        end.start()
        try:
            said = popen.stderr.readline()
            if b" connected in " not in said:
                _, rest = popen.communicate()
                text = (said + rest).decode(errors="replace").strip()
                raise LoadFailed(text or f"not all have been let in for {OVERTIME:g} s")
            time.sleep(warm_up + MARGIN)
            watch = Watch(process, popen.pid)
            time.sleep(max(seconds - 2 * MARGIN, MARGIN))
            watch.stop()
            output, rest = popen.communicate()
        finally:
            end.cancel()
            popen.kill()
    if popen.returncode:
        raise LoadFailed(f"the load client ended with {popen.returncode}: {output!r} {rest!r}")
    return Seen(msgspec.json.decode(output, type=Report), watch)
