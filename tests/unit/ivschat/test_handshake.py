"""Who gets in: spec 6.1 and the life of tokens in spec 5."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hubbub.bus.contract import BusUnavailable
from hubbub.bus.memory import MemoryBus
from hubbub.settings import Limits
from hubbub.sockets import Accept
from hubbub.store.contract import StoreUnavailable
from tests.unit.ivschat.house import Client, House, handshake_of


async def test_a_token_opens_the_room_and_comes_back_as_subprotocol(house: House) -> None:
    token = house.token(house.make_room())
    answer = await house.endpoint.handshake(handshake_of([token]), Client())
    assert isinstance(answer, Accept)
    assert answer.subprotocol == token


async def test_the_subprotocol_that_is_a_token_counts(house: House) -> None:
    token = house.token(house.make_room())
    assert isinstance(await house.knock("chat", token, "other.one"), Client)


async def test_no_token(house: House) -> None:
    assert await house.knock() == 401


@pytest.mark.parametrize("token", ["x", "abc_123.def_456", "", "a,b"])
async def test_what_is_no_token(house: House, token: str) -> None:
    assert await house.knock(token) == 403


async def test_an_altered_token(house: House) -> None:
    token = house.token(house.make_room())
    last = "A" if token[-1] != "A" else "B"
    assert await house.knock(token[:-1] + last) == 403
    assert isinstance(await house.knock(token), Client)


async def test_a_token_is_good_for_sixty_seconds(house: House) -> None:
    arn = house.make_room()
    early, late = house.token(arn), house.token(arn)
    house.clock.advance(59.9)
    assert isinstance(await house.knock(early), Client)
    house.clock.advance(0.1)
    assert await house.knock(late) == 403


async def test_an_open_connection_outlives_its_token(house: House) -> None:
    client = await house.enter(house.make_room())
    await house.pass_time(600)
    client.say("still here")
    assert client.frames[0]["Content"] == "still here"


async def test_a_token_is_good_for_one_connection(house: House) -> None:
    token = house.token(house.make_room())
    client = await house.knock(token)
    assert await house.knock(token) == 403
    assert isinstance(client, Client)
    client.hang_up()
    assert await house.knock(token) == 403


async def test_of_many_who_come_with_one_token_one_gets_in(house: House) -> None:
    token = house.token(house.make_room())
    answers = await asyncio.gather(*(house.knock(token) for _ in range(20)))
    assert sorted(answer for answer in answers if isinstance(answer, int)) == [403] * 19
    assert len(house.ends) == 1


async def test_one_user_any_number_of_tokens_and_connections(house: House) -> None:
    arn = house.make_room()
    clients = [await house.enter(arn, "u-17") for _ in range(5)]
    clients[0].say("hi")
    assert [len(client.frames) for client in clients] == [1] * 5


async def test_a_room_that_never_was(house: House) -> None:
    arn = house.make_room()
    token = house.token(arn)
    del house.rooms[arn]
    assert await house.knock(token) == 404
    assert arn not in house.open


async def test_a_room_deleted_while_others_are_in_it(house: House) -> None:
    arn = house.make_room()
    client = await house.enter(arn)
    token = house.token(arn)
    await house.delete_room(arn)
    assert await house.knock(token) == 404
    assert client.close_code is None


async def test_a_refused_handshake_spends_no_token(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(concurrent_connections=1))
    arn = house.make_room()
    first = await house.enter(arn)
    token = house.token(arn)
    assert await house.knock(token) == 429
    assert await house.knock(token) == 429
    first.hang_up()
    assert isinstance(await house.knock(token), Client)
    await house.close()


async def test_the_quota_is_one_for_all_rooms_and_nobody_slips_in(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(concurrent_connections=3))
    arns = [house.make_room() for _ in range(4)]
    answers = await asyncio.gather(*(house.knock(house.token(arn)) for arn in arns * 2))
    assert sum(isinstance(answer, Client) for answer in answers) == 3
    assert sum(answer == 429 for answer in answers) == 5
    assert len(house.open) <= 3
    await house.close()


async def test_room_settings_are_read_once_for_many(house: House) -> None:
    arn = house.make_room()
    await asyncio.gather(*(house.enter(arn, f"u-{n}") for n in range(10)))
    assert house.reads == 1


async def test_nothing_is_left_of_those_who_have_gone(house: House) -> None:
    arn = house.make_room()
    clients = [await house.enter(arn, "same") for _ in range(3)]
    for client in clients:
        client.hang_up()
    assert len(house.open) == len(house.ends) == 0
    assert house.bus.connections("ivschat:123456789012:us-west-2") == 0
    await house.enter(arn)
    assert house.reads == 2


class Faulty(MemoryBus):
    """A bus that can be cut off."""

    cut = False

    async def spend(self, token_id: str, seconds: float) -> bool:
        if self.cut:
            raise BusUnavailable("cut")
        return await super().spend(token_id, seconds)


async def test_without_the_bus_nobody_gets_in_and_no_token_is_lost(tmp_path: Path) -> None:
    house = House(tmp_path)
    bus = Faulty(tmp_path / "faulty", time_ns=house.clock.nanoseconds)
    house = House(tmp_path, bus=bus)
    token = house.token(house.make_room())
    bus.cut = True
    assert await house.knock(token) == 503
    bus.cut = False
    assert isinstance(await house.knock(token), Client)
    await house.close()


async def test_without_the_store_nobody_gets_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = house.make_room()
    token = house.token(arn)

    async def fail(arn: str) -> None:
        raise StoreUnavailable("cut")

    monkeypatch.setattr(house.open, "_read", fail)
    assert await house.knock(token) == 503
    assert arn not in house.open
    monkeypatch.undo()
    assert isinstance(await house.knock(token), Client)


async def test_a_client_that_gives_up_leaves_nothing_behind(house: House) -> None:
    arn = house.make_room()
    token = house.token(arn)
    waiting = asyncio.create_task(house.knock(token))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(house.open) == 0
    assert isinstance(await house.knock(token), Client)


async def test_what_fails_on_the_way_in_gives_the_token_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = house.make_room()
    token = house.token(arn)

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(house.ends, "add", fail)
    with pytest.raises(MemoryError):
        await house.knock(token)
    monkeypatch.undo()
    assert len(house.open) == 0
    assert isinstance(await house.knock(token), Client)
