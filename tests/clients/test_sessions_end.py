"""Sessions that end while people talk (spec 6.7), without waiting a minute for it.

The server is restarted with a clock that is ahead, so that a session of one minute made before has
seconds left.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.javascript import JavaScript
from tests.clients.observed import tracebacks
from tests.clients.raw_socket import chatter, refused
from tests.clients.world import SEND, World
from tests.server import Server, running_server

PRELOAD = Path(__file__).parent / "preload"
AHEAD = 54  # seconds; those that are left must outlast a restart


class Minute:
    """A room and tokens whose session and life end in a few seconds."""

    def __init__(self, server: Server, room: str, tokens: list[str]) -> None:
        self.server = server
        self.room = room
        self.tokens = tokens


@pytest.fixture
def last_seconds(data_dir: Path) -> Iterator[Minute]:
    with running_server(data_dir) as server:
        with World(server) as world:
            room = world.room(maximumMessageRatePerSecond=100)
            tokens = [world.token(room, "kim", [SEND], minutes=1)["token"] for _ in range(3)]
        assert server.stop() == 0
        server.environment = {"PYTHONPATH": str(PRELOAD), "CLOCK_AHEAD_SECONDS": str(AHEAD)}
        server.start()
        yield Minute(server, room, tokens)
        assert tracebacks(server) == []


async def test_the_socket_says_401_and_closes(last_seconds: Minute) -> None:
    async with chatter(last_seconds.server.websocket, last_seconds.tokens[0]) as kim:
        await kim.say("hi")
        assert (await kim.receive())["Content"] == "hi"
        frames, code = await kim.closing(20)
    [error] = frames
    assert error["ErrorCode"] == 401
    assert error["RequestId"] == ""
    assert error["ErrorMessage"] == "The connection has expired"
    assert code == 1000
    # The token had ended by then, too; its fellow was made a moment later.
    await asyncio.sleep(0.5)
    assert await refused(last_seconds.server.websocket, last_seconds.tokens[1]) == 403


def test_the_official_client_goes_on_with_a_new_token(
    last_seconds: Minute, node: JavaScript
) -> None:
    request = {
        "roomIdentifier": last_seconds.room,
        "userId": "kim",
        "capabilities": [SEND],
        "sessionDurationInMinutes": 60,
    }
    room = node.chat_room(
        last_seconds.server, request, fixed_tokens=[last_seconds.tokens[0]]
    ).connected()
    assert room.send("before")["resolved"]
    room.wait("token", 2, seconds=20)
    room.wait("connect", 2)
    assert room.journal("disconnect") == []
    assert room.send("after")["resolved"]["content"] == "after"
    kinds = [entry["kind"] for entry in room.journal()]
    assert kinds[:3] == ["connecting", "token", "connect"]
    assert kinds[-4:] == ["connecting", "token", "connect", "message"]
    room.forget()


@pytest.mark.long
def test_a_session_of_a_minute_in_real_time(node: JavaScript, world: World) -> None:
    arn = world.room()
    request = {
        "roomIdentifier": arn,
        "userId": "kim",
        "capabilities": [SEND],
        "sessionDurationInMinutes": 1,
    }
    room = node.chat_room(world.server, request, region=world.region, expires_in=[None, None])
    began = time.monotonic()
    room.connected()
    room.wait("connect", 2, seconds=75)
    assert 55 < time.monotonic() - began < 65
    assert room.send("after")["resolved"]
    room.forget()
