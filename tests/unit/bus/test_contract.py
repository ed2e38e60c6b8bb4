"""What every bus keeps to, whatever is behind it."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import pytest

from hubbub.bus import (
    Admitted,
    Bus,
    BusUnavailable,
    Delivery,
    Limit,
    Outcome,
    Publication,
    Refused,
    Unavailable,
)
from tests.unit.bus.submitting import Listener, submit


def words(text: str, topic: str = "room") -> Publication:
    return Publication(topic, text.encode(), label=text, timed=False)


async def test_a_subscriber_gets_publications_in_order_with_their_labels(bus: Bus) -> None:
    listener = Listener()
    await bus.subscribe("room", listener)
    for number in range(50):
        assert isinstance(await submit(bus, publication=words(str(number))), Admitted)
    await listener.wait_for(50)
    assert listener.deliveries == [
        Delivery("room", str(number).encode(), str(number)) for number in range(50)
    ]


async def test_submissions_of_one_tick_keep_their_order(bus: Bus) -> None:
    listener = Listener()
    await bus.subscribe("room", listener)
    outcomes: list[Outcome] = []
    for number in range(200):
        bus.submit((), words(str(number)), outcomes.append)
    assert await listener.wait_for(200) == [str(number).encode() for number in range(200)]
    await submit(bus)
    assert len(outcomes) == 200


async def test_the_time_of_admission_stands_between_head_and_tail(bus: Bus) -> None:
    listener = Listener()
    await bus.subscribe("room", listener)
    outcome = await submit(bus, publication=Publication("room", b'{"at":"', b'","x":1}'))
    assert isinstance(outcome, Admitted)
    [payload] = await listener.wait_for(1)
    assert payload == outcome.payload
    match = re.fullmatch(rb'\{"at":"([^"]+)","x":1\}', payload)
    assert match
    text = match[1].decode()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    moment = datetime.fromisoformat(text)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert (moment - epoch).total_seconds() == pytest.approx(outcome.at / 1e6, abs=1e-6)


async def test_time_strictly_increases_within_a_topic(bus: Bus) -> None:
    outcomes: list[Outcome] = []
    for _ in range(300):
        bus.submit((), words("x"), outcomes.append)
    await submit(bus)
    moments = [outcome.at for outcome in outcomes if isinstance(outcome, Admitted)]
    assert len(moments) == 300
    assert moments == sorted(set(moments))


async def test_head_tail_and_label_may_hold_any_bytes(bus: Bus) -> None:
    listener = Listener()
    await bus.subscribe("rööm:{1} \n", listener)
    publication = Publication("rööm:{1} \n", b"\x00\r\n \xff", b"\n$5\r\n", "lä\nbel", timed=False)
    await submit(bus, publication=publication)
    await listener.wait_for(1)
    assert listener.deliveries == [Delivery("rööm:{1} \n", b"\x00\r\n \xff\n$5\r\n", "lä\nbel")]


async def test_topics_are_apart(bus: Bus) -> None:
    one, other = Listener(), Listener()
    await bus.subscribe("one", one)
    await bus.subscribe("other", other)
    await submit(bus, publication=words("1", "one"))
    await submit(bus, publication=words("2", "other"))
    assert await one.wait_for(1) == [b"1"]
    assert await other.wait_for(1) == [b"2"]


async def test_no_publication_arrives_after_unsubscribe(bus: Bus) -> None:
    listener, after = Listener(), Listener()
    await bus.subscribe("room", listener)
    bus.unsubscribe("room")
    await submit(bus, publication=words("missed"))
    await bus.subscribe("room", after)
    await submit(bus, publication=words("heard"))
    assert await after.wait_for(1) == [b"heard"]
    assert listener.payloads == []


async def test_a_new_receiver_takes_the_place_of_the_old(bus: Bus) -> None:
    old, new = Listener(), Listener()
    await bus.subscribe("room", old)
    await submit(bus, publication=words("1"))
    await old.wait_for(1)
    await bus.subscribe("room", new)
    await submit(bus, publication=words("2"))
    assert await new.wait_for(1) == [b"2"]
    assert old.payloads == [b"1"]


async def test_a_limit_refuses_what_exceeds_it_and_nothing_is_published(bus: Bus) -> None:
    listener = Listener()
    await bus.subscribe("room", listener)
    limit = Limit("room", 3)
    outcomes = [await submit(bus, [limit], words(str(number))) for number in range(5)]
    assert [type(outcome) for outcome in outcomes] == [Admitted] * 3 + [Refused] * 2
    assert outcomes[3] == Refused(limit)
    assert await listener.wait_for(3) == [b"0", b"1", b"2"]


async def test_a_refusal_uses_up_no_other_limit(bus: Bus) -> None:
    wide, narrow = Limit("account", 4), Limit("room", 1)
    assert isinstance(await submit(bus, [wide, narrow]), Admitted)
    for _ in range(5):
        assert await submit(bus, [wide, narrow]) == Refused(narrow)
    for _ in range(3):
        assert isinstance(await submit(bus, [wide]), Admitted)
    assert await submit(bus, [wide]) == Refused(wide)


@pytest.mark.parametrize("rate", [1_001, 1_500])
async def test_great_limits_hold_too(bus: Bus, rate: int) -> None:
    outcomes: list[Outcome] = []
    for _ in range(rate + 50):
        bus.submit([Limit("busy", rate)], None, outcomes.append)
    await submit(bus)
    admitted = sum(isinstance(outcome, Admitted) for outcome in outcomes)
    assert admitted == rate


async def test_a_limit_of_none_refuses_always(bus: Bus) -> None:
    assert await submit(bus, [Limit("closed", 0)]) == Refused(Limit("closed", 0))


async def test_an_admission_without_publication_has_a_time(bus: Bus) -> None:
    outcome = await submit(bus)
    assert isinstance(outcome, Admitted)
    assert outcome.payload == b""
    assert outcome.at > 1_700_000_000_000_000


async def test_a_token_is_spent_once(bus: Bus) -> None:
    assert await bus.spend("token", 60)
    assert not await bus.spend("token", 60)
    assert await bus.spend("another", 60)


async def test_a_token_given_back_can_be_spent(bus: Bus) -> None:
    assert await bus.spend("token", 60)
    await bus.unspend("token")
    assert await bus.spend("token", 60)
    assert not await bus.spend("token", 60)
    await bus.unspend("never spent")


async def test_of_fifty_attempts_at_once_one_spends_the_token(bus: Bus) -> None:
    attempts = await asyncio.gather(*(bus.spend("token", 60) for _ in range(50)))
    assert sum(attempts) == 1


async def test_our_own_connections_count_at_once(bus: Bus) -> None:
    assert bus.connections("scope") == 0
    bus.report_connections("scope", 3)
    assert bus.connections("scope") == 3
    bus.report_connections("scope", 0)
    assert bus.connections("scope") == 0


async def test_a_failing_receiver_harms_nobody(bus: Bus) -> None:
    def failing(delivery: Delivery) -> None:
        raise RuntimeError("meant to")

    listener = Listener()
    await bus.subscribe("bad", failing)
    await bus.subscribe("room", listener)
    assert isinstance(await submit(bus, publication=words("x", "bad")), Admitted)
    await submit(bus, publication=words("y"))
    assert await listener.wait_for(1) == [b"y"]


async def test_a_closed_bus_is_unavailable(bus: Bus) -> None:
    await bus.close()
    assert await submit(bus, publication=words("x")) == Unavailable()
    with pytest.raises(BusUnavailable):
        await bus.spend("token", 60)
    with pytest.raises(BusUnavailable):
        await bus.subscribe("room", Listener())
    await bus.close()
