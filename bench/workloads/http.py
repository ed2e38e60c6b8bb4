"""Signed requests from 64 keep-alive connections, one under way on each.

Hubbub: GetRoom, and CreateRoom, which answers when the room is on disk. moto has no IVS Chat: its
GetChannel and CreateChannel of IVS, which checks no signature and keeps everything in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from bench.load import each_request, request_load, write_requests
from bench.servers.contract import Running, Server
from bench.servers.hubbub import Hubbub
from bench.servers.moto import Moto
from bench.signing import Signer
from bench.watch import Watch
from bench.workloads.contract import Contestant, Pace, Sample, Workload

CONNECTIONS = 64
ROOMS = 64

Requests = Callable[[Running], Sequence[bytes]]


class Channel(msgspec.Struct):
    arn: str


class Created(msgspec.Struct):
    channel: Channel


def reading(hubbub: Hubbub, moto: Moto) -> Workload:
    def get_rooms(running: Running) -> Sequence[bytes]:
        signer = Signer("ivschat", running.port)
        return [
            signer.post("/GetRoom", msgspec.json.encode({"identifier": room}))
            for room in hubbub.rooms(running, ROOMS)
        ]

    return _workload("get-room", (hubbub, get_rooms), (moto, _get_channels))


def writing(hubbub: Hubbub, moto: Moto) -> Workload:
    def create_room(running: Running) -> Sequence[bytes]:
        return [Signer("ivschat", running.port).post("/CreateRoom", b'{"name":"bench"}')]

    return _workload("create-room", (hubbub, create_room), (moto, _create_channel))


def _create_channel(running: Running) -> Sequence[bytes]:
    return [Signer("ivs", running.port).post("/CreateChannel", b'{"name":"bench"}')]


def _get_channels(running: Running) -> Sequence[bytes]:
    requests = running.process.log.with_name("requests")
    bodies = running.process.log.with_name("bodies")
    write_requests(requests, _create_channel(running))
    each_request(running.port, requests, 1, bodies)
    created = msgspec.json.decode(bodies.read_bytes(), type=Created)
    body = msgspec.json.encode({"arn": created.channel.arn})
    return [Signer("ivs", running.port).post("/GetChannel", body)]


def _workload(name: str, *sides: tuple[Server, Requests]) -> Workload:
    return Workload(
        name, [Contestant(server, partial(_measure, server, make)) for server, make in sides]
    )


def _measure(server: Server, make: Requests, directory: Path, pace: Pace) -> Sample:
    running = server.start(directory)
    process = running.process
    try:
        path = directory / "requests"
        write_requests(path, make(running))
        request_load(running.port, path, CONNECTIONS, pace.warm_up)
        watch = Watch(process)
        answers = request_load(running.port, path, CONNECTIONS, pace.seconds)
        watch.stop()
        return {
            "requests_per_second": answers.answered / answers.seconds,
            "requests_per_cpu_second": answers.answered / watch.cpu_seconds,
            "p50_ms": answers.p50_ms,
            "p99_ms": answers.p99_ms,
            "server_cpu_share": watch.cpu_seconds / watch.seconds,
            "taken_by_others_share": watch.taken_share,
            "rss_mib": process.rss_bytes() / 2**20,
        }
    finally:
        process.stop()
