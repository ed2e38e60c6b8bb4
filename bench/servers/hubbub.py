"""`hubbub serve` with a fresh data directory; rates raised, every check active."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.load import each_request, write_requests
from bench.places import BIN, ROOT
from bench.process import Process
from bench.servers.contract import Running
from bench.servers.tickets import make_tickets
from bench.signing import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Signer

ENVIRONMENT = {
    "HUBBUB_PORT": "0",
    "HUBBUB_TLS_PORT": "0",
    "HUBBUB_MEDIA_PORT": "0",
    "HUBBUB_MEDIA_THREADS": "1",
    "HUBBUB_REGION": REGION,
    "HUBBUB_ROOT_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "HUBBUB_ROOT_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    "HUBBUB_LIMITS_CONNECTION_REQUESTS_PER_SECOND": "1000000",
    "HUBBUB_LIMITS_ROOM_MESSAGES_PER_SECOND": "1000000",
    "HUBBUB_LIMITS_MESSAGES_PER_SECOND": "1000000",
    "HUBBUB_LIMITS_ROOMS": "1000000000",
    "HUBBUB_LIMITS_APP_INSTANCE_USERS": "1000000000",
    "HUBBUB_LIMITS_REPLICAS_PER_MEETING": "100",
}
TOKEN_CONNECTIONS = 64
MEETING = 250
"""Attendees of a meeting, at most; a greater audience sits in replicas of it."""


class Room(msgspec.Struct):
    arn: str


class ChatToken(msgspec.Struct):
    token: str


class Hubbub:
    name = "Hubbub"
    rival = False
    protocol = "ivschat"
    mixes = True

    def version(self) -> str:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, check=False
        )
        return done.stdout.decode().strip() or "no checkout"

    def start(self, directory: Path) -> Running:
        data = directory / "data"
        process = Process(
            [BIN / "hubbub", "serve"], directory, {**ENVIRONMENT, "HUBBUB_DATA_DIR": str(data)}
        )
        ready = process.wait_for_line("hubbub ready ")
        found = re.search(r"http=\S*:(\d+)", ready)
        assert found, ready
        return Running(process, int(found[1]))

    def rooms(self, running: Running, count: int) -> list[str]:
        """ARNs of new rooms."""
        request = Signer("ivschat", running.port).post("/CreateRoom", b'{"name":"bench"}')
        return [
            msgspec.json.decode(line, type=Room).arn for line in _ask(running, [request] * count)
        ]

    def tokens(self, running: Running, count: int, publishers: int) -> Path | None:
        """Tokens for a new room, each of another user. They hold for 60 s."""
        (room,) = self.rooms(running, 1)
        signer = Signer("ivschat", running.port)
        sending = [_token_request(signer, room, user, "SEND_MESSAGE") for user in range(publishers)]
        others = [_token_request(signer, room, user) for user in range(publishers, count)]
        lines = _ask(running, sending) + _ask(running, others)
        path = running.process.log.with_name("tokens")
        path.write_text(
            "".join(f"{msgspec.json.decode(line, type=ChatToken).token}\n" for line in lines)
        )
        return path

    def meetings(self, running: Running, count: int, attendees: int) -> Sequence[str]:
        return _way_in(running, count, attendees)

    def audience(self, running: Running, receivers: int) -> Sequence[str]:
        meetings = -(-(receivers + 1) // MEETING)
        attendees = -(-(receivers + 1) // meetings)
        return (*_way_in(running, meetings, attendees, replicas=True), "--one-sender")


def _way_in(
    running: Running, meetings: int, attendees: int, *, replicas: bool = False
) -> Sequence[str]:
    tickets = make_tickets(running, meetings, attendees, replicas=replicas)
    return (
        *("--target", "hubbub", "--tickets", str(tickets)),
        *("--meetings", str(meetings), "--attendees", str(attendees)),
    )


def _token_request(signer: Signer, room: str, user: int, *capabilities: str) -> bytes:
    body = {"roomIdentifier": room, "userId": f"u-{user:05d}", "capabilities": capabilities}
    return signer.post("/CreateChatToken", msgspec.json.encode(body))


def _ask(running: Running, requests: list[bytes]) -> list[bytes]:
    """The answers' bodies, in no order."""
    path = running.process.log.with_name("requests")
    bodies = running.process.log.with_name("bodies")
    write_requests(path, requests)
    each_request(running.port, path, TOKEN_CONNECTIONS, bodies)
    return bodies.read_bytes().splitlines()
