"""Messages of 220 bytes to all members of a room, 8 of them under way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.load import Members
from bench.process import Process
from bench.servers.contract import RoomServer
from bench.watch import Watch
from bench.workloads.contract import Contestant, Pace, Sample, Workload

SIZE = 220
"""Bytes of a message as a member gets it, the framing of WebSocket or NATS excepted."""
OUTSTANDING = 8
PUBLISHERS = 8


def fanout(members: int, servers: Sequence[RoomServer]) -> Workload:
    contestants = [Contestant(server, partial(_measure, server, members)) for server in servers]
    return Workload(f"fanout-{members}", contestants)


def _measure(server: RoomServer, count: int, directory: Path, pace: Pace) -> Sample:
    running = server.start(directory)
    try:
        tokens = server.tokens(running, count, PUBLISHERS)
        with Members(server.protocol, running.port, size=SIZE, publishers=PUBLISHERS) as members:
            members.open(count, tokens)
            members.closed(OUTSTANDING, pace.warm_up)
            return _load(members, running.process, count, pace)
    finally:
        running.process.stop()


def _load(members: Members, process: Process, count: int, pace: Pace) -> Sample:
    watch = Watch(process, members.pid)
    full = members.closed(OUTSTANDING, pace.seconds)
    watch.stop()
    rate = full.messages / full.seconds
    half_watch = Watch(process, members.pid)
    half = members.paced(rate / 2, pace.seconds)
    half_watch.stop()
    return {
        "deliveries_per_second": full.deliveries / full.seconds,
        "deliveries_per_cpu_second": full.deliveries / watch.cpu_seconds,
        "p50_ms": full.p50_ms,
        "p99_ms": full.p99_ms,
        "half_load_p50_ms": half.p50_ms,
        "half_load_p99_ms": half.p99_ms,
        "half_load_messages_per_second": half.messages / half.seconds,
        "rss_mib": process.rss_bytes() / 2**20,
        "payload_bytes": full.payload_bytes,
        "server_cpu_share": watch.cpu_seconds / watch.seconds,
        "client_cpu_share": watch.client_seconds / watch.seconds,
        "taken_by_others_share": watch.taken_share,
        "half_load_server_cpu_share": half_watch.cpu_seconds / half_watch.seconds,
        "half_load_taken_by_others_share": half_watch.taken_share,
    }
