"""Getting in, and staying without doing anything."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.load import Members
from bench.servers.contract import RoomServer
from bench.watch import Watch
from bench.workloads.contract import Contestant, Pace, Sample, Workload

FEW = 2_000
MANY = 10_000
SETTLE_SECONDS = 1.0


def connections(servers: Sequence[RoomServer]) -> Workload:
    return Workload(
        "connections", [Contestant(server, partial(_measure, server)) for server in servers]
    )


def _measure(server: RoomServer, directory: Path, pace: Pace) -> Sample:
    running = server.start(directory)
    try:
        # Making a room and tokens warms the server up, and its memory with it.
        few = server.tokens(running, FEW, publishers=1)
        process = running.process
        with Members(server.protocol, running.port, size=1024, publishers=1) as members:
            time.sleep(SETTLE_SECONDS)
            empty = process.rss_bytes()
            members.open(FEW, few)
            time.sleep(SETTLE_SECONDS)
            rss_few = process.rss_bytes()
            rest = server.tokens(running, MANY - FEW, publishers=1)
            watch = Watch(process)
            opened = members.open(MANY - FEW, rest)
            watch.stop()
            time.sleep(SETTLE_SECONDS)
            rss_many = process.rss_bytes()
        return {
            "connects_per_second": opened.opened / opened.seconds,
            "connects_per_cpu_second": opened.opened / watch.cpu_seconds,
            f"kib_per_connection_{FEW}": (rss_few - empty) / FEW / 1024,
            f"kib_per_connection_{MANY}": (rss_many - empty) / MANY / 1024,
            "taken_by_others_share": watch.taken_share,
            "rss_mib": rss_many / 2**20,
        }
    finally:
        running.process.stop()
