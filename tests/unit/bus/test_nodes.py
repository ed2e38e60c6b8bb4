"""Several nodes on one server."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.bus import Admitted, Limit, Outcome, Publication
from hubbub.bus.presence import EXPIRE_SECONDS
from tests.services.redis import RedisServer
from tests.unit.bus.conftest import OpenBus, command
from tests.unit.bus.submitting import Listener, submit, until


def words(text: str, topic: str = "room") -> Publication:
    return Publication(topic, b'{"t":"', b'","text":"%b"}' % text.encode(), label=text)


async def test_all_nodes_see_one_order_and_the_same_text(open_node: OpenBus) -> None:
    nodes = [await open_node() for _ in range(3)]
    listeners = [Listener() for _ in nodes]
    for node, listener in zip(nodes, listeners, strict=True):
        await node.subscribe("room", listener)
    for number in range(100):
        for name, node in enumerate(nodes):
            node.submit((), words(f"{name}:{number}"), lambda outcome: None)
        if number % 10 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*(listener.wait_for(300) for listener in listeners))
    assert listeners[0].deliveries == listeners[1].deliveries == listeners[2].deliveries
    for name in range(3):
        own = [
            delivery.label
            for delivery in listeners[0].deliveries
            if delivery.label.startswith(f"{name}:")
        ]
        assert own == [f"{name}:{number}" for number in range(100)]
    moments = [payload[6:33] for payload in listeners[0].payloads]
    assert moments == sorted(set(moments))


async def test_a_limit_holds_over_all_nodes(open_node: OpenBus) -> None:
    nodes = [await open_node() for _ in range(2)]
    outcomes: list[Outcome] = []
    for _ in range(40):
        for node in nodes:
            node.submit([Limit("room", 30)], None, outcomes.append)
    for node in nodes:
        await submit(node)
    assert sum(isinstance(outcome, Admitted) for outcome in outcomes) == 30


async def test_a_limit_is_a_sliding_second(open_node: OpenBus) -> None:
    node = await open_node()
    limit = Limit("room", 5)
    admitted: list[int] = []
    async with asyncio.timeout(10):
        while len(admitted) < 12:
            outcome = await submit(node, [limit])
            if isinstance(outcome, Admitted):
                admitted.append(outcome.at)
            else:
                await asyncio.sleep(0.01)
    for earlier, later in zip(admitted, admitted[5:], strict=False):
        assert 1_000_000 <= later - earlier < 1_500_000


async def test_of_fifty_attempts_on_two_nodes_one_spends_the_token(open_node: OpenBus) -> None:
    nodes = [await open_node() for _ in range(2)]
    for token in range(20):
        attempts = (nodes[number % 2].spend(f"token {token}", 60) for number in range(50))
        assert sum(await asyncio.gather(*attempts)) == 1


async def test_a_token_spent_here_and_given_back_can_be_spent_there(open_node: OpenBus) -> None:
    here, there = await open_node(), await open_node()
    assert await here.spend("token", 60)
    assert not await there.spend("token", 60)
    await here.unspend("token")
    assert await there.spend("token", 60)


async def test_nodes_know_each_others_connections(
    open_node: OpenBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.bus.presence.INTERVAL_SECONDS", 0.05)
    here, there = await open_node(), await open_node()
    here.report_connections("scope", 3)
    there.report_connections("scope", 4)
    await until(lambda: here.connections("scope") == there.connections("scope") == 7)
    here.report_connections("scope", 1)
    assert here.connections("scope") == 5
    await until(lambda: there.connections("scope") == 5)
    await here.close()
    await until(lambda: there.connections("scope") == 4)


async def test_a_node_that_never_says_goodbye_is_forgotten(
    open_node: OpenBus, redis_server: RedisServer
) -> None:
    assert command(redis_server, "HSET hubbub:count:scope dead '9 1000'") == b":1\r\n"
    node = await open_node()
    node.report_connections("scope", 1)
    await until(lambda: node._presence._others.get("scope") == 0)
    assert command(redis_server, "HEXISTS hubbub:count:scope dead") == b":0\r\n"
    ttl = int(command(redis_server, "TTL hubbub:count:scope")[1:])
    assert 0 < ttl <= 2 * EXPIRE_SECONDS


async def test_a_subscriber_hears_nothing_from_before(open_node: OpenBus) -> None:
    here, there = await open_node(), await open_node()
    for number in range(5):
        await submit(here, publication=words(f"early {number}"))
    listener = Listener()
    await there.subscribe("room", listener)
    await submit(here, publication=words("heard"))
    await listener.wait_for(1)
    assert listener.deliveries[0].label == "heard"


async def test_subscribing_amid_publications_begins_somewhere_and_then_has_no_gap(
    open_node: OpenBus,
) -> None:
    here, there = await open_node(), await open_node()
    going = True

    async def publish() -> int:
        number = 0
        while going:
            await submit(here, publication=words(str(number)))
            number += 1
        return number

    publishing = asyncio.ensure_future(publish())
    for _ in range(20):
        listener = Listener()
        await there.subscribe("room", listener)
        await until(lambda: len(listener.deliveries) > 5)  # noqa: B023
        there.unsubscribe("room")
        numbers = [int(delivery.label) for delivery in listener.deliveries]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    going = False
    assert await publishing > 100


async def test_nothing_is_left_on_the_server_for_good(
    open_node: OpenBus, redis_server: RedisServer
) -> None:
    node = await open_node()
    await submit(node, [Limit("exact", 5), Limit("great", 5_000)], words("x"))
    await node.spend("token", 60)
    node.report_connections("scope", 1)
    await until(lambda: "scope" in node._presence._others)
    keys = command(redis_server, "KEYS *").split(b"\r\n")[2::2]
    assert len(keys) == 7
    for key in keys:
        ttl = int(command(redis_server, f'PTTL "{key.decode()}"')[1:])
        assert ttl > 0, key
