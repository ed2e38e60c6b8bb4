"""Random requests and frames, signed and let in like any other: no 5xx, no traceback, no hang."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.clients.observed import healthy, resident_mib, tracebacks
from tests.clients.raw_socket import chatter
from tests.clients.signing import Signer
from tests.clients.world import ALL, World
from tests.scenarios.ledger import ControlPlane
from tests.server import Server, running_server

OPERATIONS = [
    *("CreateRoom", "GetRoom", "UpdateRoom", "DeleteRoom", "ListRooms", "CreateChatToken"),
    *("CreateLoggingConfiguration", "GetLoggingConfiguration", "UpdateLoggingConfiguration"),
    *("DeleteLoggingConfiguration", "ListLoggingConfigurations"),
    *("SendEvent", "DeleteMessage", "DisconnectUser"),
]
MEMBERS = [
    *("identifier", "roomIdentifier", "name", "maximumMessageLength", "tags", "userId", "id"),
    *("maximumMessageRatePerSecond", "messageReviewHandler", "loggingConfigurationIdentifiers"),
    *("destinationConfiguration", "capabilities", "attributes", "sessionDurationInMinutes"),
    *("nextToken", "maxResults", "eventName", "reason", "messageReviewHandlerUri"),
    *("loggingConfigurationIdentifier", "fallbackResult", "uri", "s3", "bucketName", "firehose"),
]
FRAME_MEMBERS = [
    *("Action", "RequestId", "Content", "Attributes", "Id", "Reason", "UserId"),
    *("action", "content", "", "Type", "\ud800", "x" * 300),
]

NO_RATES = {
    "HUBBUB_LIMITS_CONNECTION_REQUESTS_PER_SECOND": "0",
    "HUBBUB_LIMITS_ROOM_MESSAGES_PER_SECOND": "0",
    "HUBBUB_LIMITS_MESSAGES_PER_SECOND": "0",
    "HUBBUB_LIMITS_DELETES_PER_SECOND": "0",
    "HUBBUB_LIMITS_DISCONNECTS_PER_SECOND": "0",
}


class Noise:
    """Values, texts and bytes, the odd ones more often than chance would have them."""

    def __init__(self, seed: int, texts: list[str]) -> None:
        self.random = random.Random(seed)
        self._texts = [
            *texts,
            *("", "a", "\0", "\ud800", "\udfff\ud800", "🦀" * 200, "x" * 2_000, "null", "\u202e"),
            *("abcdefghijkl", "ALLOW", "SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"),
            *("../..", "%2F", "'; DROP TABLE rooms; --", "{{7*7}}", "\r\nX: y"),
        ]

    def text(self) -> str:
        if self.random.random() < 0.8:
            return self.random.choice(self._texts)
        return "".join(chr(self.random.randrange(0x11_0000)) for _ in range(20))

    def value(self, names: list[str], depth: int = 3) -> Any:
        kinds: list[Callable[[], Any]] = [
            self.text,
            self.text,
            lambda: self.random.randint(-5, 600),
            lambda: self.random.choice([0, -1, 2**31, 2**63, 2**64, -(2**70), 10**400]),
            lambda: self.random.choice([0.5, 1e308, -0.0, 3.0]),
            lambda: None,
            lambda: self.random.random() < 0.5,
        ]
        if depth:
            kinds += [
                lambda: [self.value(names, depth - 1) for _ in range(self.random.randrange(5))],
                lambda: self.object(names, depth - 1),
                lambda: self.object(names, depth - 1),
            ]
        return self.random.choice(kinds)()

    def object(self, names: list[str], depth: int = 3) -> dict[str, Any]:
        count = self.random.randrange(6)
        return {
            self.random.choice(names) if self.random.random() < 0.9 else self.text(): self.value(
                names, depth
            )
            for _ in range(count)
        }

    def damaged(self, data: bytes) -> bytes:
        """The same with a few bytes changed, dropped or doubled."""
        changed = bytearray(data)
        for _ in range(self.random.randint(1, 5)):
            at = self.random.randrange(len(changed) + 1)
            act = self.random.randrange(3)
            if act == 0:
                changed[at : at + 1] = self.random.randbytes(1)
            elif act == 1:
                del changed[at : at + self.random.randint(1, 8)]
            else:
                changed[at:at] = changed[max(0, at - 8) : at] * self.random.randint(1, 20)
        return bytes(changed)


def fuzz_operations(server: Server, until: float) -> Counter[int]:
    """Well signed requests with any members at all."""
    plane = ControlPlane(server, "us-east-1")
    arn = plane.call("CreateRoom")["arn"]
    log = plane.call(
        "CreateLoggingConfiguration", destinationConfiguration={"s3": {"bucketName": "bucket"}}
    )["arn"]
    noise = Noise(1, [arn, log, arn[:-1], arn.upper(), "arn:aws:lambda:us-east-1:1:function:x"])
    statuses: Counter[int] = Counter()
    while time.monotonic() < until:
        operation = noise.random.choice(OPERATIONS)
        members = noise.object(MEMBERS)
        if noise.random.random() < 0.5:
            members |= {"identifier": arn, "roomIdentifier": arn}
        if operation == "DeleteRoom":
            members.pop("identifier", None)
        status, answer = plane.try_send("POST", f"/{operation}", members)
        statuses[status] += 1
        assert status < 500, (operation, members, answer)
    plane.close()
    return statuses


def fuzz_bytes(server: Server, until: float) -> Counter[int]:
    """Requests that are hardly requests any more."""
    noise = Noise(2, [])
    signer = Signer(server.port, "us-east-1")
    statuses: Counter[int] = Counter()
    while time.monotonic() < until:
        body = json.dumps(noise.object(MEMBERS)).encode()
        headers = signer.headers("POST", "/CreateRoom", body)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        whole = (
            f"POST /CreateRoom HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            try:
                connection.sendall(noise.damaged(whole))
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(65_536)
            except ConnectionError:
                answer = b""
        status = int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0
        statuses[status] += 1
        assert status < 500, (whole, answer)
    return statuses


async def fuzz_frames(server: Server, until: float) -> Counter[str]:
    """Frames of any JSON, damaged JSON and bytes; the connection's ends count as answers."""
    noise = Noise(3, [])
    outcomes: Counter[str] = Counter()
    with World(server) as world:
        room = world.room()
        while time.monotonic() < until:
            try:
                async with world.chatter(room, "fuzz") as socket:
                    for _ in range(30):
                        given = noise.object(FRAME_MEMBERS)
                        if noise.random.random() < 0.7:
                            given["Action"] = noise.random.choice(ALL)
                        if noise.random.random() < 0.5:
                            given |= {"Content": noise.text(), "Id": "abcdefghijkl"}
                        data = json.dumps(given, ensure_ascii=noise.random.random() < 0.9)
                        raw = data.encode("utf-8", "surrogatepass")
                        if noise.random.random() < 0.3:
                            raw = noise.damaged(raw)
                        if noise.random.random() < 0.5:
                            await socket.connection.send(raw)
                        else:
                            await socket.connection.send(raw, text=True)
                        frame = await socket.receive(5)
                        assert frame.get("ErrorCode") != 500, (raw, frame)
                        outcomes[str(frame.get("ErrorCode", frame["Type"]))] += 1
            except ConnectionClosed as end:
                outcomes[f"closed {end.rcvd.code if end.rcvd else 1006}"] += 1
    assert not [name for name in outcomes if name in ("closed 1011", "closed 1006")], outcomes
    return outcomes


async def fuzz_handshakes(server: Server, until: float) -> Counter[int]:
    noise = Noise(4, [])
    statuses: Counter[int] = Counter()
    with World(server) as world:
        token = world.token(world.room(), "kim")["token"]
        while time.monotonic() < until:
            letters = list(token)
            for _ in range(noise.random.randint(1, 4)):
                at = noise.random.randrange(len(letters))
                letters[at] = noise.random.choice("ABCxyz019.-_~!")
            if "".join(letters) == token:
                continue
            try:
                async with chatter(server.websocket, "".join(letters)):
                    raise AssertionError("".join(letters))
            except InvalidStatus as refusal:
                statuses[refusal.response.status_code] += 1
    assert set(statuses) == {403}
    return statuses


async def fuzz(tmp_path: Path, seconds: float) -> None:
    with running_server(tmp_path, environment=NO_RATES) as server:
        await fuzz_frames(server, time.monotonic() + 1)  # warm
        before = resident_mib(server)
        until = time.monotonic() + seconds
        operations, raw, frames, handshakes = await asyncio.gather(
            asyncio.to_thread(fuzz_operations, server, until),
            asyncio.to_thread(fuzz_bytes, server, until),
            fuzz_frames(server, until),
            fuzz_handshakes(server, until),
        )
        after = resident_mib(server)
        print(
            f"\noperations {dict(operations)}\nbytes {dict(raw)}\nframes {dict(frames)}"
            f"\nhandshakes {dict(handshakes)}\nresident {before:.0f} MiB, then {after:.0f} MiB"
        )
        assert healthy(server)
        assert after < before + 60
        assert tracebacks(server) == []
        assert server.stop() == 0


async def test_some_seconds(tmp_path: Path) -> None:
    await fuzz(tmp_path, 4)


@pytest.mark.long
async def test_a_minute(tmp_path: Path) -> None:
    await fuzz(tmp_path, 60)
