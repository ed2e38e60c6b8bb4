"""One room on two nodes over a real Redis: who is where makes no difference."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from hubbub.bus import open_bus
from hubbub.settings import Limits
from hubbub.store.opening import open_store
from tests.unit.ivschat.operations.desk import HANDLER, Desk

Nodes = tuple[Desk, Desk]


@pytest_asyncio.fixture
async def nodes(redis_url: str, tmp_path: Path) -> AsyncIterator[Nodes]:
    store = await open_store("", tmp_path)
    limits = Limits(concurrent_connections=12)
    desks = [
        Desk(store, tmp_path, limits, await open_bus(redis_url, tmp_path / f"bus-{n}"))
        for n in range(2)
    ]
    yield desks[0], desks[1]
    for desk in desks:
        await desk.close()
    await store.close()


async def until(condition: Callable[[], object]) -> None:
    """Another process has to have its say, so there is no clock to turn."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - no event crosses processes
            await asyncio.sleep(0.005)


async def test_everybody_gets_everything_in_one_order(nodes: Nodes) -> None:
    here, there = nodes
    arn = (await here("CreateRoom"))["arn"]
    ann, bob = await here.enter(arn, "ann"), await there.enter(arn, "bob")
    for n in range(4):
        ann.say(f"ann {n}")
        bob.say(f"bob {n}")
    event = await there("SendEvent", roomIdentifier=arn, eventName="x")
    await until(lambda: len(ann.sent) == len(bob.sent) == 9)
    assert ann.sent == bob.sent
    assert event["id"] in {frame["Id"] for frame in ann.frames}
    times = [frame["SendTime"] for frame in ann.frames]
    assert times == sorted(set(times))


async def test_disconnecting_reaches_every_node(nodes: Nodes) -> None:
    here, there = nodes
    arn = (await here("CreateRoom"))["arn"]
    ann = await here.enter(arn, "ann")
    bobs = [await here.enter(arn, "bob"), await there.enter(arn, "bob")]
    await here("DisconnectUser", roomIdentifier=arn, userId="bob")
    await until(lambda: all(bob.close_code for bob in bobs))
    assert [bob.close_code for bob in bobs] == [1000, 1000]
    assert all(bob.frames[-1]["EventName"] == "aws:DISCONNECT_USER" for bob in bobs)
    assert ann.is_open()


async def test_changes_reach_every_node(nodes: Nodes) -> None:
    here, there = nodes
    arn = (await here("CreateRoom"))["arn"]
    bob = await there.enter(arn, "bob")
    await here("UpdateRoom", identifier=arn, messageReviewHandler={"uri": HANDLER})
    room = there.chat._rooms._rooms[arn]
    await until(lambda: room.room.review_handler)
    token = (await here("CreateChatToken", roomIdentifier=arn, userId="late"))["token"]
    await here("DeleteRoom", identifier=arn)
    await until(lambda: not room.room.exists)
    bob.say("hi", "r")
    assert (bob.frames[0]["RequestId"], bob.frames[0]["ErrorCode"]) == ("r", 404)
    assert await there.show(token) == await here.show(token) == 404


async def test_a_token_is_spent_on_all_nodes(nodes: Nodes) -> None:
    here, there = nodes
    arn = (await here("CreateRoom"))["arn"]
    token = (await here("CreateChatToken", roomIdentifier=arn, userId="u"))["token"]
    answers = await asyncio.gather(*(desk.show(token) for desk in (here, there) * 5))
    assert sorted(answer for answer in answers if isinstance(answer, int)) == [403] * 9


async def test_limits_hold_for_all_nodes_together(nodes: Nodes) -> None:
    here, there = nodes
    arn = (await here("CreateRoom", maximumMessageRatePerSecond=2))["arn"]
    ann, bob = await here.enter(arn, "ann"), await there.enter(arn, "bob")
    for client in (ann, bob):
        client.say("one")
        client.say("two")
    await until(lambda: len(ann.sent) + len(bob.sent) == 6)
    kinds = sorted(frame["Type"] for frame in ann.frames + bob.frames)
    assert kinds == ["ERROR"] * 2 + ["MESSAGE"] * 4


async def test_the_quota_of_connections_is_one_for_all_nodes(nodes: Nodes) -> None:
    here, there = nodes
    arn = (await here("CreateRoom"))["arn"]
    clients = [await here.enter(arn, "u") for _ in range(12)]
    scope = "ivschat:123456789012:us-west-2"
    await until(lambda: there.bus.connections(scope) == 12)
    assert await there.knock(arn) == 429
    clients[0].hang_up()
    await until(lambda: there.bus.connections(scope) == 11)
    assert await there.knock(arn) != 429
