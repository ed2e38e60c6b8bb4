"""Rooms: every row of spec 4 that is about them, on both databases."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from hubbub.settings import Limits
from hubbub.wire.errors import ServiceError, ValidationFailure
from tests.unit.ivschat.operations.conftest import MakeDesk
from tests.unit.ivschat.operations.desk import HANDLER, Desk

REVIEW = {"uri": HANDLER, "fallbackResult": "DENY"}


async def logging(desk: Desk, bucket: str = "bucket") -> str:
    made = await desk(
        "CreateLoggingConfiguration", destinationConfiguration={"s3": {"bucketName": bucket}}
    )
    arn: str = made["arn"]
    return arn


async def code_of(desk: Desk, operation: str, **request: Any) -> str:
    with pytest.raises((ServiceError, ValidationFailure)) as caught:
        await desk(operation, **request)
    return caught.value.code if isinstance(caught.value, ServiceError) else "ValidationException"


async def test_a_room_of_defaults(desk: Desk) -> None:
    made = await desk("CreateRoom")
    assert re.fullmatch("[a-zA-Z0-9]{12}", made["id"])
    assert made == {
        "arn": f"arn:aws:ivschat:us-west-2:123456789012:room/{made['id']}",
        "id": made["id"],
        "name": "",
        "createTime": desk.clock.microseconds(),
        "updateTime": desk.clock.microseconds(),
        "maximumMessageLength": 500,
        "maximumMessageRatePerSecond": 10,
        "tags": {},
        "loggingConfigurationIdentifiers": [],
    }
    assert await desk("GetRoom", identifier=made["arn"]) == made


async def test_a_room_of_everything(desk: Desk) -> None:
    attached = [await logging(desk) for _ in range(3)]
    given = {
        "name": "lobby-1",
        "maximumMessageLength": 100,
        "maximumMessageRatePerSecond": 100,
        "messageReviewHandler": REVIEW,
        "tags": {"Team": "été 7", "empty": ""},
        "loggingConfigurationIdentifiers": attached[::-1],
    }
    made = await desk("CreateRoom", **given)
    assert {name: made[name] for name in given} == given
    assert await desk("GetRoom", identifier=made["arn"]) == made


async def test_every_call_makes_a_room(desk: Desk) -> None:
    first, second = await desk("CreateRoom", name="same"), await desk("CreateRoom", name="same")
    assert first["arn"] != second["arn"]


@pytest.mark.parametrize(
    "uri",
    [
        "arn:aws:lambda:us-west-2:999999999999:function:review",
        "arn:aws:lambda:us-east-1:123456789012:function:review",
    ],
)
async def test_a_handler_is_a_function_of_the_same_account_and_region(desk: Desk, uri: str) -> None:
    for operation, more in (
        ("CreateRoom", {}),
        ("UpdateRoom", {"identifier": (await desk("CreateRoom"))["arn"]}),
    ):
        with pytest.raises(ValidationFailure) as caught:
            await desk(operation, messageReviewHandler={"uri": uri}, **more)
        (failure,) = caught.value.failures
        assert (failure.member, failure.constraint) == ("uri", "invalid lambda permission")


async def test_a_handler_is_checked_now_not_at_first_use(desk: Desk) -> None:
    room = await desk("CreateRoom", messageReviewHandler={"uri": HANDLER})
    desk.functions.missing = True
    assert await code_of(desk, "CreateRoom", messageReviewHandler=REVIEW) == "ValidationException"
    assert (
        await code_of(
            desk, "UpdateRoom", identifier=room["arn"], messageReviewHandler=REVIEW, name="x"
        )
        == "ValidationException"
    )
    found = await desk("GetRoom", identifier=room["arn"])
    assert found == room
    assert found["messageReviewHandler"] == {"uri": HANDLER, "fallbackResult": "ALLOW"}


async def test_no_handler_by_an_empty_uri(desk: Desk) -> None:
    made = await desk("CreateRoom", messageReviewHandler={"uri": "", "fallbackResult": "DENY"})
    assert "messageReviewHandler" not in made


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("us-west-2:123456789012:logging-configuration/aaaaaaaaaaaa", "ResourceNotFoundException"),
        ("eu-west-1:123456789012:logging-configuration/aaaaaaaaaaaa", "ResourceNotFoundException"),
        ("us-west-2:999999999999:logging-configuration/aaaaaaaaaaaa", "AccessDeniedException"),
    ],
)
async def test_logging_configurations_have_to_be_there(desk: Desk, arn: str, code: str) -> None:
    given = {"loggingConfigurationIdentifiers": [await logging(desk), f"arn:aws:ivschat:{arn}"]}
    assert await code_of(desk, "CreateRoom", **given) == code
    assert (await desk("ListRooms"))["rooms"] == []
    room = await desk("CreateRoom")
    assert await code_of(desk, "UpdateRoom", identifier=room["arn"], name="x", **given) == code
    assert await desk("GetRoom", identifier=room["arn"]) == room


async def test_the_quota_of_rooms(make_desk: MakeDesk) -> None:
    desk = await make_desk(Limits(rooms=2))
    rooms = [await desk("CreateRoom") for _ in range(2)]
    with pytest.raises(ServiceError) as caught:
        await desk("CreateRoom")
    assert caught.value.code == "ServiceQuotaExceededException"
    assert caught.value.members == {
        "resourceId": "123456789012", "resourceType": "ROOM", "limit": 2,
    }  # fmt: skip
    desk.caller.region = "eu-west-1"
    await desk("CreateRoom")
    desk.caller.region = "us-west-2"
    await desk("DeleteRoom", identifier=rooms[0]["arn"])
    await desk("CreateRoom")
    assert await code_of(desk, "CreateRoom") == "ServiceQuotaExceededException"


async def test_the_quota_holds_for_many_at_a_time(make_desk: MakeDesk) -> None:
    desk = await make_desk(Limits(rooms=5))
    answers = await asyncio.gather(*(desk("CreateRoom") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, dict) for answer in answers) == 5
    assert all(
        answer.code == "ServiceQuotaExceededException"
        for answer in answers
        if isinstance(answer, ServiceError)
    )
    assert len((await desk("ListRooms"))["rooms"]) == 5


async def test_a_refused_room_is_not_counted(make_desk: MakeDesk) -> None:
    desk = await make_desk(Limits(rooms=1))
    missing = "arn:aws:ivschat:us-west-2:123456789012:logging-configuration/aaaaaaaaaaaa"
    for _ in range(3):
        await code_of(desk, "CreateRoom", loggingConfigurationIdentifiers=[missing])
    await desk("CreateRoom")


async def test_an_update_of_nothing_changes_nothing(desk: Desk) -> None:
    room = await desk("CreateRoom", name="a", tags={"k": "v"})
    assert await desk("UpdateRoom", identifier=room["arn"]) == room
    assert await desk("GetRoom", identifier=room["arn"]) == room


@pytest.mark.parametrize(
    "change",
    [
        {"name": "b"},
        {"name": ""},
        {"maximumMessageLength": 1},
        {"maximumMessageRatePerSecond": 1},
        {"messageReviewHandler": {"uri": HANDLER + ":1", "fallbackResult": "ALLOW"}},
        {"loggingConfigurationIdentifiers": []},
    ],
)
async def test_an_update_changes_what_it_names(desk: Desk, change: dict[str, Any]) -> None:
    room = await desk(
        "CreateRoom",
        name="a",
        maximumMessageLength=9,
        maximumMessageRatePerSecond=9,
        messageReviewHandler=REVIEW,
        loggingConfigurationIdentifiers=[await logging(desk)],
        tags={"k": "v"},
    )
    updated = await desk("UpdateRoom", identifier=room["arn"], **change)
    assert updated == {**room, **change, "updateTime": desk.clock.microseconds()}
    assert updated["updateTime"] > room["updateTime"]
    assert await desk("GetRoom", identifier=room["arn"]) == updated


@pytest.mark.parametrize(
    ("change", "handler"),
    [
        ({"uri": ""}, None),
        ({"uri": HANDLER}, {"uri": HANDLER, "fallbackResult": "ALLOW"}),
        ({"fallbackResult": "ALLOW"}, {"uri": HANDLER, "fallbackResult": "ALLOW"}),
        ({}, REVIEW),
    ],
)
async def test_handlers_are_replaced_and_dissociated(
    desk: Desk, change: dict[str, str], handler: object
) -> None:
    room = await desk("CreateRoom", messageReviewHandler=REVIEW)
    updated = await desk("UpdateRoom", identifier=room["arn"], messageReviewHandler=change)
    assert updated.get("messageReviewHandler") == handler


async def test_logging_configurations_are_replaced_as_a_whole(desk: Desk) -> None:
    first, second, third = [await logging(desk) for _ in range(3)]
    room = await desk("CreateRoom", loggingConfigurationIdentifiers=[first, second])
    updated = await desk(
        "UpdateRoom", identifier=room["arn"], loggingConfigurationIdentifiers=[third, first]
    )
    assert updated["loggingConfigurationIdentifiers"] == [third, first]
    await desk("DeleteLoggingConfiguration", identifier=second)
    assert await code_of(desk, "DeleteLoggingConfiguration", identifier=third) == (
        "ConflictException"
    )


async def test_an_update_moves_update_time_even_if_the_clock_stands(desk: Desk) -> None:
    room = await desk("CreateRoom")
    desk.clock.advance(-100)
    updated = await desk("UpdateRoom", identifier=room["arn"], name="x")
    assert updated["updateTime"] == room["updateTime"] + 1
    assert updated["createTime"] == room["createTime"]


async def test_a_deleted_room_is_gone(desk: Desk) -> None:
    attached = await logging(desk)
    room = await desk("CreateRoom", loggingConfigurationIdentifiers=[attached])
    await desk("DeleteRoom", identifier=room["arn"])
    for operation in ("DeleteRoom", "GetRoom", "UpdateRoom"):
        with pytest.raises(ServiceError) as caught:
            await desk(operation, identifier=room["arn"])
        assert caught.value.code == "ResourceNotFoundException"
        assert caught.value.message == f"Resource: {room['arn']} not found"
        assert caught.value.members == {"resourceId": room["id"], "resourceType": "ROOM"}
    await desk("DeleteLoggingConfiguration", identifier=attached)


@pytest.mark.parametrize("operation", ["GetRoom", "UpdateRoom", "DeleteRoom"])
async def test_whose_rooms(desk: Desk, operation: str) -> None:
    room = await desk("CreateRoom")
    desk.caller.region = "eu-west-1"
    assert await code_of(desk, operation, identifier=room["arn"]) == "ResourceNotFoundException"
    desk.caller.account = "999999999999"
    with pytest.raises(ServiceError) as caught:
        await desk(operation, identifier=room["arn"])
    assert caught.value.code == "AccessDeniedException"
    assert caught.value.message == (
        "User: arn:aws:iam::999999999999:root is not authorized to perform: "
        f"ivschat:{operation} on resource: {room['arn']}"
    )


@pytest.mark.parametrize(
    "tags",
    [
        {"aws:x": "y"},
        {"AWS:x": "y"},
        {"a*b": "y"},
        {"a": "b\n"},
        {"a": "\N{GRINNING FACE}"},
        {"a": "<b>"},
    ],
)
async def test_tags_that_aws_refuses(desk: Desk, tags: dict[str, str]) -> None:
    assert await code_of(desk, "CreateRoom", tags=tags) == "ValidationException"
    assert (await desk("ListRooms"))["rooms"] == []


async def test_all_bad_fields_are_named(desk: Desk) -> None:
    desk.functions.missing = True
    with pytest.raises(ValidationFailure) as caught:
        await desk("CreateRoom", tags={"aws:x": "y", "b": "*"}, messageReviewHandler=REVIEW)
    assert [failure.member for failure in caught.value.failures] == [
        "tags.key",
        "tags.value",
        "uri",
    ]


async def test_updates_at_the_same_time_lose_nothing(desk: Desk) -> None:
    room = await desk("CreateRoom")
    arn = room["arn"]
    await asyncio.gather(
        desk("UpdateRoom", identifier=arn, name="x"),
        desk("UpdateRoom", identifier=arn, maximumMessageLength=7),
        desk("UpdateRoom", identifier=arn, maximumMessageRatePerSecond=8),
        *(desk("TagResource", resourceArn=arn, tags={f"k{n}": "v"}) for n in range(10)),
    )
    found = await desk("GetRoom", identifier=arn)
    assert (found["name"], found["maximumMessageLength"]) == ("x", 7)
    assert found["maximumMessageRatePerSecond"] == 8
    assert len(found["tags"]) == 10
