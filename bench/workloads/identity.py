"""Chime SDK Identity with an app instance of 100,000 users, all made through the API.

CreateAppInstanceUser and DescribeAppInstanceUser from 64 keep-alive connections; pages of 50 users
all over the list from one; DescribeAppInstanceUser at a modest rate while another app instance of
100,000 users is deleted, and while nothing is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote

import msgspec

from bench.load import Answers, each_request, request_load, write_requests
from bench.servers.contract import Running
from bench.servers.hubbub import Hubbub
from bench.signing import Signer
from bench.watch import Watch
from bench.workloads.contract import Contestant, Pace, Sample, Workload

CONNECTIONS = 64
FEW_CONNECTIONS = 4
USERS = 100_000
QUICK_USERS = 10_000
PAGE = 50
DESCRIBED = 1_000


class AppInstance(msgspec.Struct, rename="pascal"):
    app_instance_arn: str


class Users(msgspec.Struct, rename="pascal"):
    app_instance_users: list[object]
    next_token: str = ""


def identity(hubbub: Hubbub) -> Workload:
    return Workload("identity", [Contestant(hubbub, partial(_measure, hubbub))])


def _measure(hubbub: Hubbub, directory: Path, pace: Pace) -> Sample:
    running = hubbub.start(directory)
    try:
        return _load(_Client(running, directory), pace)
    finally:
        running.process.stop()


class _Client:
    """Requests to the running server, freshly signed."""

    def __init__(self, running: Running, directory: Path) -> None:
        self.process = running.process
        self._port = running.port
        self._requests = directory / "requests"
        self._bodies = directory / "bodies"

    @property
    def signer(self) -> Signer:
        return Signer("chime", self._port)

    def once(self, requests: Sequence[bytes], connections: int) -> Answers:
        write_requests(self._requests, requests)
        return each_request(self._port, self._requests, connections, self._bodies)

    def load(self, requests: Sequence[bytes], connections: int, seconds: float) -> Answers:
        write_requests(self._requests, requests)
        return request_load(self._port, self._requests, connections, seconds)

    def ask(self, request: bytes) -> bytes:
        self.once([request], 1)
        return self._bodies.read_bytes()

    def app_instance(self) -> str:
        body = b'{"Name":"bench","ClientRequestToken":"bench-%d"}' % time.monotonic_ns()
        answer = self.ask(self.signer.post("/app-instances", body))
        return msgspec.json.decode(answer, type=AppInstance).app_instance_arn

    def make_users(self, app_instance: str, count: int) -> Answers:
        signer = self.signer
        return self.once(
            [
                signer.post(
                    "/app-instance-users",
                    msgspec.json.encode(
                        {
                            "AppInstanceArn": app_instance,
                            "AppInstanceUserId": f"user-{number:06d}",
                            "Name": f"User {number}",
                            "Metadata": '{"team":"blue"}',
                            "ClientRequestToken": f"token-{number:06d}",
                        }
                    ),
                )
                for number in range(count)
            ],
            CONNECTIONS,
        )

    def descriptions(self, app_instance: str, users: int) -> list[bytes]:
        signer = self.signer
        numbers = range(0, users, users // DESCRIBED)
        arns = (f"{app_instance}/user/user-{number:06d}" for number in numbers)
        return [signer.get(f"/app-instance-users/{quote(arn, safe='')}") for arn in arns]

    def pages(self, app_instance: str, users: int) -> list[bytes]:
        """Requests for pages all over the list, found by going through it."""
        query = f"app-instance-arn={quote(app_instance, safe='')}&max-results={PAGE}"
        requests = [self.signer.get("/app-instance-users", query)]
        for _ in range(users // PAGE - 1):
            page = msgspec.json.decode(self.ask(requests[-1]), type=Users)
            token = quote(page.next_token, safe="-_.~")
            requests.append(self.signer.get("/app-instance-users", f"{query}&next-token={token}"))
        return requests


def _load(client: _Client, pace: Pace) -> Sample:
    users = USERS if pace.repetitions > 1 else QUICK_USERS
    kept, doomed = client.app_instance(), client.app_instance()
    create_watch = Watch(client.process)
    created = client.make_users(kept, users)
    create_watch.stop()
    client.make_users(doomed, users)

    described = client.descriptions(kept, users)
    client.load(described, CONNECTIONS, pace.warm_up)
    describe_watch = Watch(client.process)
    describes = client.load(described, CONNECTIONS, pace.seconds)
    describe_watch.stop()

    pages = client.load(client.pages(kept, users), 1, pace.seconds)

    quiet = client.load(described, FEW_CONNECTIONS, pace.seconds)
    client.ask(client.signer.delete(f"/app-instances/{quote(doomed, safe='')}"))
    busy = client.load(described, FEW_CONNECTIONS, pace.seconds)
    return {
        "users": users,
        "creates_per_second": created.answered / created.seconds,
        "creates_per_cpu_second": created.answered / create_watch.cpu_seconds,
        "create_p99_ms": created.p99_ms,
        "describes_per_second": describes.answered / describes.seconds,
        "describes_per_cpu_second": describes.answered / describe_watch.cpu_seconds,
        "describe_p99_ms": describes.p99_ms,
        "list_p50_ms": pages.p50_ms,
        "list_p99_ms": pages.p99_ms,
        "describe_quiet_p99_ms": quiet.p99_ms,
        "describe_while_deleting_p99_ms": busy.p99_ms,
        "describe_p99_ratio_while_deleting": busy.p99_ms / quiet.p99_ms,
        "taken_by_others_share": describe_watch.taken_share,
        "rss_mib": client.process.rss_bytes() / 2**20,
    }
