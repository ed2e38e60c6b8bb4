"""From the command to the first connection that is taken, and the memory of an idle server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.servers.contract import Server
from bench.workloads.contract import Contestant, Pace, Sample, Workload

SETTLE_SECONDS = 1.0


def start(servers: Sequence[Server]) -> Workload:
    return Workload("start", [Contestant(server, partial(_measure, server)) for server in servers])


def _measure(server: Server, directory: Path, pace: Pace) -> Sample:
    """The first start makes database, keys and certificates where a server has them."""
    first, _ = _start(server, directory)
    again, rss = _start(server, directory)
    return {"first_start_seconds": first, "start_seconds": again, "rss_mib": rss / 2**20}


def _start(server: Server, directory: Path) -> tuple[float, int]:
    running = server.start(directory)
    try:
        seconds = time.monotonic() - running.process.started
        time.sleep(SETTLE_SECONDS)
        return seconds, running.process.rss_bytes()
    finally:
        running.process.stop()
