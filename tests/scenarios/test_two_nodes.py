"""Two nodes over a real Redis and PostgreSQL behave as one server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.clients.observed import tracebacks
from tests.clients.raw_socket import chatter, refused
from tests.clients.world import DISCONNECT, World
from tests.scenarios.crowd import Crowd
from tests.scenarios.nodes import nodes
from tests.server import Server


class Pair:
    """Two nodes and a boto3 client of each."""

    def __init__(self, first: Server, second: Server) -> None:
        self.first, self.second = first, second
        self.here, self.there = World(first), World(second)

    def close(self) -> None:
        self.here.ivschat.close()
        self.there.ivschat.close()


@pytest.fixture(params=["two nodes", "two workers"])
def pair(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql_url: str, redis_url: str
) -> Iterator[Pair]:
    """Two nodes, or one of two processes, each of whose connections may land on either."""
    two_workers = request.param == "two workers"
    count, workers = (1, 2) if two_workers else (2, 1)
    with nodes(tmp_path, postgresql_url, redis_url, count=count, workers=workers) as servers:
        pair = Pair(servers[0], servers[-1])
        yield pair
        pair.close()
        for server in servers:
            assert tracebacks(server) == []
            assert server.stop() == 0


async def test_one_order_for_all(pair: Pair) -> None:
    room = pair.here.room(maximumMessageRatePerSecond=100)
    async with Crowd(pair.here, room, 8, [pair.first, pair.second]) as crowd:
        # All at once, from both nodes: the order must come from one place.
        for _ in range(5):
            await asyncio.gather(*(crowd.say(member) for member in crowd.members))
            await asyncio.sleep(0.3)
        await crowd.settled()
        crowd.check()
        for member in crowd.members:
            for n in range(8):
                own = [content for content in member.messages if int(content.split()[0]) % 8 == n]
                assert own == sorted(own, key=lambda content: int(content.split()[0]))


async def test_the_rate_of_a_room_is_one(pair: Pair) -> None:
    room = pair.here.room(maximumMessageRatePerSecond=10)
    async with Crowd(pair.here, room, 4, [pair.first, pair.second]) as crowd:
        await asyncio.gather(*(crowd.say(member) for member in crowd.members * 7))
        await crowd.settled()
        refusals = [error for member in crowd.members for error in member.errors]
        assert all(error["ErrorCode"] == 429 for error in refusals)
        assert len(refusals) == 18
        for member in crowd.members:
            assert len(member.messages) == 10
            assert member.ids == crowd.members[0].ids


async def test_a_token_is_spent_once(pair: Pair) -> None:
    room = pair.here.room()

    async def attempt(url: str, token: str) -> int:
        try:
            async with chatter(url, token):
                await asyncio.sleep(0.05)
                return 101
        except InvalidStatus as refusal:
            return refusal.response.status_code

    for _ in range(10):
        token = pair.here.token(room, "kim")["token"]
        urls = [pair.first.websocket, pair.second.websocket] * 3
        outcomes = await asyncio.gather(*(attempt(url, token) for url in urls))
        assert sorted(outcomes) == [101, 403, 403, 403, 403, 403]


@pytest.mark.parametrize("by_api", [True, False])
async def test_disconnect_user_reaches_every_node(pair: Pair, by_api: bool) -> None:
    room = pair.here.room()
    tokens = [pair.here.token(room, "kim")["token"] for _ in range(4)]
    urls = [pair.first.websocket, pair.second.websocket] * 2
    async with (
        chatter(urls[0], tokens[0]) as a,
        chatter(urls[1], tokens[1]) as b,
        chatter(urls[2], tokens[2]) as c,
        chatter(urls[3], tokens[3]) as d,
        pair.there.chatter(room, "mod", (DISCONNECT,)) as mod,
    ):
        if by_api:
            pair.there.ivschat.disconnect_user(roomIdentifier=room, userId="kim", reason="rude")
        else:
            await mod.send({"Action": DISCONNECT, "UserId": "kim", "Reason": "rude"})
        seen = await mod.receive()
        for kim in (a, b, c, d):
            assert await kim.closing() == ([seen], 1000)
        await mod.nothing(0.1)


async def test_events_and_deletions_of_the_api_reach_every_node(pair: Pair) -> None:
    room = pair.here.room()
    async with pair.here.chatter(room, "kim") as kim, pair.there.chatter(room, "lee") as lee:
        event = pair.there.ivschat.send_event(roomIdentifier=room, eventName="x")
        deletion = pair.here.ivschat.delete_message(roomIdentifier=room, id="abcdefghijkl")
        for member in (kim, lee):
            assert [frame["Id"] for frame in await member.receive_many(2)] == [
                event["id"],
                deletion["id"],
            ]


async def test_an_update_is_in_force_on_the_other_node(pair: Pair) -> None:
    room = pair.here.room()
    async with pair.here.chatter(room, "kim") as kim, pair.there.chatter(room, "lee") as lee:
        await kim.say("long enough")
        await kim.receive()
        await lee.receive()
        for updating, length in ((pair.here, 3), (pair.there, 4)):
            updating.ivschat.update_room(identifier=room, maximumMessageLength=length)
            await asyncio.sleep(0.5)
            for member in (kim, lee):
                await member.say("x" * (length + 1))
                assert (await member.receive())["ErrorCode"] == 400
            await lee.say("x" * length)
            assert (await kim.receive())["Content"] == "x" * length
            await lee.receive()
        pair.there.ivschat.delete_room(identifier=room)
        await asyncio.sleep(0.5)
        for member in (kim, lee):
            await member.say("hi")
            assert (await member.receive())["ErrorCode"] == 404


def test_everything_is_shared_by_the_control_plane(pair: Pair) -> None:
    room = pair.here.room(name="shared", tags={"a": "b"})
    log = pair.there.ivschat.create_logging_configuration(
        destinationConfiguration={"s3": {"bucketName": "bucket"}}
    )["arn"]
    pair.here.ivschat.update_room(identifier=room, loggingConfigurationIdentifiers=[log])
    there: Any = pair.there.ivschat.get_room(identifier=room)
    assert (there["name"], there["tags"]) == ("shared", {"a": "b"})
    assert there["loggingConfigurationIdentifiers"] == [log]
    # A page token of one node is good on the other.
    for _ in range(3):
        pair.here.room(name="paged")
    first = pair.here.ivschat.list_rooms(maxResults=2, name="paged")
    second = pair.there.ivschat.list_rooms(maxResults=2, name="paged", nextToken=first["nextToken"])
    assert len({entry["arn"] for entry in first["rooms"] + second["rooms"]}) == 3


# --- when a part fails ----------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path, postgresql_url: str, redis_url: str) -> Iterator[Pair]:
    with nodes(tmp_path, postgresql_url, redis_url) as servers:
        pair = Pair(servers[0], servers[1])
        yield pair
        pair.close()


async def test_killing_a_node_leaves_the_other_working(two: Pair) -> None:
    room = two.here.room(maximumMessageRatePerSecond=100)
    async with Crowd(two.there, room, 3) as crowd, two.here.chatter(room, "lost") as lost:
        spent = two.here.token(room, "kim")["token"]
        async with chatter(two.first.websocket, spent):
            await crowd.say(crowd.members[0])
            await crowd.settled()
        two.first.kill()
        assert (await lost.closing())[1] == 1006
        for _ in range(10):
            await crowd.say(crowd.members[1])
            await asyncio.sleep(0.05)
        await crowd.settled()
        crowd.check()
        assert two.there.room(name="made-after")
        assert await refused(two.second.websocket, spent) == 403
        two.first.start()
        with World(two.first) as back:
            async with back.chatter(room, "back") as member:
                await crowd.say(crowd.members[2])
                assert (await member.receive())["Content"] == crowd.sent[-1]
    assert tracebacks(two.second) == []
    for server in (two.first, two.second):
        assert server.stop() == 0


async def test_draining_a_node_leaves_the_other_working(two: Pair) -> None:
    room = two.here.room(maximumMessageRatePerSecond=100)
    async with Crowd(two.there, room, 3) as crowd, two.here.chatter(room, "moved") as moved:
        stopping = asyncio.create_task(asyncio.to_thread(two.first.stop))
        for _ in range(10):
            await crowd.say(crowd.members[1])
            await asyncio.sleep(0.05)
        frames, code = await moved.closing()
        assert code == 1012
        contents = [frame["Content"] for frame in frames]
        assert contents == crowd.sent[: len(contents)]
        assert await stopping == 0
        await crowd.settled()
        crowd.check()
    assert two.second.stop() == 0
