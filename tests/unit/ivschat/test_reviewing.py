"""Messages on their way through a review handler (spec 7), in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hubbub.functions.contract import FunctionAnswerInvalid, FunctionFailed, FunctionTimeout
from hubbub.ivschat.connection import MAX_REVIEWS
from hubbub.ivschat.engine.room import ReviewHandler
from hubbub.metrics import INVOCATION_ERRORS, RESPONSE_VALIDATION_ERRORS
from hubbub.settings import Limits
from tests.unit.ivschat.house import Client, House
from tests.unit.ivschat.test_conversation import Silent

URI = "arn:aws:lambda:us-west-2:123456789012:function:review"
ALLOW = ReviewHandler(URI, "ALLOW")
DENY = ReviewHandler(URI, "DENY")


def counted(metric: object) -> float:
    value = metric.labels(URI)._value.get()  # type: ignore[attr-defined]
    assert isinstance(value, float)
    return value


async def pair(house: House, handler: ReviewHandler = ALLOW) -> tuple[Client, Client]:
    arn = house.make_room(review_handler=handler)
    return await house.enter(arn, "ann"), await house.enter(arn, "bob")


async def test_nobody_sees_a_message_before_it_is_reviewed(house: House) -> None:
    ann, bob = await pair(house)
    ann.say("hi", "r")
    ((event, answer),) = await house.reviewed()
    assert event["Content"] == "hi"
    assert event["Sender"]["Ip"] == "203.0.113.9"
    assert ann.frames == bob.frames == []
    house.clock.advance(0.1)
    answer.set_result({"ReviewResult": "ALLOW", "Content": "hi [edited]"})
    await house.answered()
    assert ann.sent == bob.sent
    assert bob.frames[0]["Content"] == "hi [edited]"
    assert bob.frames[0]["RequestId"] == "r"
    assert bob.frames[0]["Id"] == event["MessageId"]
    assert bob.frames[0]["SendTime"].startswith("2026-05-04T08:23:20.1")


async def test_a_denied_message_is_the_senders_affair(house: House) -> None:
    ann, bob = await pair(house)
    ann.say("hi", "r")
    ((event, answer),) = await house.reviewed()
    answer.set_result({"ReviewResult": "DENY", "Attributes": {"Reason": "denied for moderation"}})
    await house.answered()
    assert bob.frames == []
    (frame,) = ann.frames
    assert frame["ErrorCode"] == 406
    assert frame["ErrorMessage"] == "denied for moderation"
    assert frame["RequestId"] == "r"
    assert frame["Id"] == event["MessageId"]


@pytest.mark.parametrize("error", [FunctionTimeout, FunctionFailed, FunctionAnswerInvalid, OSError])
@pytest.mark.parametrize("handler", [ALLOW, DENY])
async def test_without_an_answer_the_fallback_decides(
    house: House, error: type[Exception], handler: ReviewHandler
) -> None:
    invalid = error is FunctionAnswerInvalid
    before = counted(INVOCATION_ERRORS), counted(RESPONSE_VALIDATION_ERRORS)
    ann, bob = await pair(house, handler)
    ann.ask(Action="SEND_MESSAGE", Content="hi", Attributes={"color": "red"})
    ((_, answer),) = await house.reviewed()
    answer.set_exception(error())
    await house.answered()
    if handler is ALLOW:
        assert bob.frames[0]["Content"] == "hi"
        assert bob.frames[0]["Attributes"] == {"color": "red"}
    else:
        assert bob.frames == []
        assert ann.frames[0]["ErrorCode"] == 406
    assert counted(INVOCATION_ERRORS) == before[0] + (not invalid)
    assert counted(RESPONSE_VALIDATION_ERRORS) == before[1] + invalid


async def test_an_answer_that_breaks_the_rules_is_counted(house: House) -> None:
    before = counted(RESPONSE_VALIDATION_ERRORS)
    ann, bob = await pair(house)
    ann.say("hi")
    ((_, answer),) = await house.reviewed()
    answer.set_result({"ReviewResult": "MAYBE"})
    await house.answered()
    assert bob.frames[0]["Content"] == "hi"
    assert counted(RESPONSE_VALIDATION_ERRORS) == before + 1


async def test_a_function_that_was_taken_away_counts_for_every_message(house: House) -> None:
    before = counted(INVOCATION_ERRORS)
    ann, bob = await pair(house)
    house.functions.missing = True
    for _ in range(3):
        ann.say("hi")
    await house.answered()
    assert len(bob.frames) == 3
    assert counted(INVOCATION_ERRORS) == before + 3


async def test_reviews_of_different_messages_overtake_each_other(house: House) -> None:
    ann, bob = await pair(house)
    ann.say("first")
    ann.say("second")
    (_, first), (_, second) = await house.reviewed(2)
    second.set_result({"ReviewResult": "ALLOW", "Content": "second"})
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [frame["Content"] for frame in bob.frames] == ["second"]
    first.set_result({"ReviewResult": "ALLOW", "Content": "first"})
    await house.answered()
    assert [frame["Content"] for frame in bob.frames] == ["second", "first"]
    assert bob.frames[0]["SendTime"] < bob.frames[1]["SendTime"]


async def test_a_denied_message_counts_for_the_room(house: House) -> None:
    arn = house.make_room(review_handler=ALLOW, maximum_message_rate=1)
    ann = await house.enter(arn, "ann")
    ann.say("one")
    ((_, answer),) = await house.reviewed()
    answer.set_result({"ReviewResult": "DENY"})
    await house.answered()
    ann.say("two", "r2")
    assert (ann.frames[1]["RequestId"], ann.frames[1]["ErrorCode"]) == ("r2", 429)
    assert len(house.functions.asked) == 1


async def test_deletions_and_disconnections_are_not_reviewed(house: House) -> None:
    ann, bob = await pair(house)
    ann.ask(Action="DELETE_MESSAGE", Id="abC123dEf456")
    ann.ask(Action="DISCONNECT_USER", UserId="nobody")
    assert [frame["Type"] for frame in bob.frames] == ["EVENT", "EVENT"]
    assert house.functions.asked == []


async def test_a_message_outlives_the_connection_it_came_from(house: House) -> None:
    ann, bob = await pair(house)
    ann.say("last words")
    ((_, answer),) = await house.reviewed()
    ann.hang_up()
    answer.set_result({"ReviewResult": "ALLOW", "Content": "last words"})
    await house.answered()
    assert bob.frames[0]["Content"] == "last words"


async def test_one_connection_has_only_so_many_reviews_at_a_time(tmp_path: Path) -> None:
    house = House(tmp_path, Limits(connection_requests_per_second=0, room_messages_per_second=0))
    ann, _ = await pair(house)
    for n in range(MAX_REVIEWS + 1):
        ann.say("hi", f"r{n}")
    assert [frame["RequestId"] for frame in ann.frames] == [f"r{MAX_REVIEWS}"]
    assert ann.frames[0]["ErrorCode"] == 429
    for _, answer in await house.reviewed(MAX_REVIEWS):
        answer.set_result({"ReviewResult": "DENY"})
    await house.answered()
    ann.say("again")
    assert len(await house.reviewed(MAX_REVIEWS + 1)) == MAX_REVIEWS + 1
    house.functions.asked[-1][1].set_result({"ReviewResult": "DENY"})
    await house.answered()
    await house.close()


async def test_without_the_bus_nothing_is_reviewed(tmp_path: Path) -> None:
    clock = House(tmp_path).clock
    house = House(tmp_path / "other", bus=Silent(tmp_path / "bus", time_ns=clock.nanoseconds))
    ann, bob = await pair(house)
    ann.say("hi", "r")
    await house.answered()
    assert house.functions.asked == []
    assert bob.frames == []
    assert (ann.frames[0]["RequestId"], ann.frames[0]["ErrorCode"]) == ("r", 500)
    await house.close()
