"""Logging configurations (spec 4), on both databases."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import bindparam, update

from hubbub.settings import Limits
from hubbub.store.contract import Transaction
from hubbub.store.tables import logging_configurations
from hubbub.wire.errors import ServiceError, ValidationFailure
from tests.unit.ivschat.operations.conftest import MakeDesk
from tests.unit.ivschat.operations.desk import Desk
from tests.unit.ivschat.operations.test_rooms import code_of, logging

S3 = {"s3": {"bucketName": "chat-logs"}}
GROUP = {"cloudWatchLogs": {"logGroupName": "/chat"}}
STREAM = {"firehose": {"deliveryStreamName": "chat_stream"}}
_SET_STATE = (
    update(logging_configurations)
    .where(logging_configurations.c.arn == bindparam("of_arn"))
    .values(state=bindparam("to"))
)


@pytest.mark.parametrize("destination", [S3, GROUP, STREAM])
async def test_made_active_at_once(desk: Desk, destination: dict[str, Any]) -> None:
    made = await desk(
        "CreateLoggingConfiguration",
        destinationConfiguration=destination,
        name="n",
        tags={"k": "v"},
    )
    assert re.fullmatch("[a-zA-Z0-9]{12}", made["id"])
    assert made == {
        "arn": f"arn:aws:ivschat:us-west-2:123456789012:logging-configuration/{made['id']}",
        "id": made["id"],
        "createTime": desk.clock.microseconds(),
        "updateTime": desk.clock.microseconds(),
        "name": "n",
        "destinationConfiguration": destination,
        "state": "ACTIVE",
        "tags": {"k": "v"},
    }
    assert await desk("GetLoggingConfiguration", identifier=made["arn"]) == made
    assert await desk("ListLoggingConfigurations") == {"loggingConfigurations": [made]}


@pytest.mark.parametrize("destination", [{}, {**S3, **GROUP}, {**S3, **GROUP, **STREAM}])
async def test_exactly_one_destination(desk: Desk, destination: dict[str, Any]) -> None:
    made = await logging(desk)
    for operation, more in (
        ("CreateLoggingConfiguration", {}),
        ("UpdateLoggingConfiguration", {"identifier": made}),
    ):
        with pytest.raises(ValidationFailure) as caught:
            await desk(operation, destinationConfiguration=destination, **more)
        assert caught.value.failures[0].member == "destinationConfiguration"


async def test_destinations_may_be_shared(desk: Desk) -> None:
    assert await logging(desk) != await logging(desk)


async def test_the_eleventh(desk: Desk) -> None:
    made = [await logging(desk) for _ in range(10)]
    with pytest.raises(ServiceError) as caught:
        await logging(desk)
    assert caught.value.code == "ServiceQuotaExceededException"
    assert caught.value.members["limit"] == 10
    await desk("DeleteLoggingConfiguration", identifier=made[0])
    await logging(desk)


async def test_the_quota_holds_for_many_at_a_time(make_desk: MakeDesk) -> None:
    desk = await make_desk(Limits(logging_configurations=3))
    answers = await asyncio.gather(*(logging(desk) for _ in range(9)), return_exceptions=True)
    assert sum(isinstance(answer, str) for answer in answers) == 3


async def test_updates_keep_what_they_do_not_name(desk: Desk) -> None:
    made = await desk(
        "CreateLoggingConfiguration", destinationConfiguration=S3, name="n", tags={"k": "v"}
    )
    arn = made["arn"]
    assert await desk("UpdateLoggingConfiguration", identifier=arn) == made
    renamed = await desk("UpdateLoggingConfiguration", identifier=arn, name="")
    assert renamed == {**made, "name": "", "updateTime": desk.clock.microseconds()}
    moved = await desk("UpdateLoggingConfiguration", identifier=arn, destinationConfiguration=GROUP)
    assert moved["destinationConfiguration"] == GROUP
    assert moved["updateTime"] > renamed["updateTime"]
    assert await desk("GetLoggingConfiguration", identifier=arn) == moved


async def test_attached_ones_cannot_be_deleted(desk: Desk) -> None:
    arn = await logging(desk)
    room = await desk("CreateRoom", loggingConfigurationIdentifiers=[arn])
    with pytest.raises(ServiceError) as caught:
        await desk("DeleteLoggingConfiguration", identifier=arn)
    assert caught.value.code == "ConflictException"
    assert caught.value.members == {
        "resourceId": arn.rpartition("/")[2], "resourceType": "ROOM",
    }  # fmt: skip
    await desk("UpdateRoom", identifier=room["arn"], loggingConfigurationIdentifiers=[])
    await desk("DeleteLoggingConfiguration", identifier=arn)


async def test_attaching_and_deleting_at_the_same_time(desk: Desk) -> None:
    for _ in range(10):
        arn = await logging(desk)
        answers = await asyncio.gather(
            desk("CreateRoom", loggingConfigurationIdentifiers=[arn]),
            desk("DeleteLoggingConfiguration", identifier=arn),
            return_exceptions=True,
        )
        room: dict[str, Any] | BaseException
        gone: dict[str, Any] | BaseException
        room, gone = answers
        assert isinstance(room, ServiceError) != isinstance(gone, ServiceError)
        if isinstance(room, dict):
            await desk("DeleteRoom", identifier=room["arn"])
            await desk("DeleteLoggingConfiguration", identifier=arn)


async def in_state(desk: Desk, state: str) -> str:
    """A logging configuration that another version of the server may have left."""
    arn = await logging(desk)

    async def work(transaction: Transaction) -> None:
        await transaction.execute(_SET_STATE, {"of_arn": arn, "to": state})

    await desk.store.write(work)
    return arn


@pytest.mark.parametrize("state", ["CREATING", "UPDATING", "DELETING"])
async def test_in_transition_nothing_may_be_done_to_it(desk: Desk, state: str) -> None:
    arn = await in_state(desk, state)
    for operation in ("UpdateLoggingConfiguration", "DeleteLoggingConfiguration"):
        assert await code_of(desk, operation, identifier=arn) == "ConflictException"
    found = await desk("GetLoggingConfiguration", identifier=arn)
    assert found["state"] == state


@pytest.mark.parametrize("state", ["CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"])
async def test_failed_ones_can_be_deleted(desk: Desk, state: str) -> None:
    arn = await in_state(desk, state)
    await desk("DeleteLoggingConfiguration", identifier=arn)
    assert await desk("ListLoggingConfigurations") == {"loggingConfigurations": []}


@pytest.mark.parametrize("state", ["CREATING", "UPDATE_FAILED"])
async def test_only_active_ones_can_be_attached(desk: Desk, state: str) -> None:
    room = await desk("CreateRoom", name="a")
    arns = [await logging(desk), await in_state(desk, state)]
    for operation, more in (("CreateRoom", {}), ("UpdateRoom", {"identifier": room["arn"]})):
        code = await code_of(
            desk, operation, name="b", loggingConfigurationIdentifiers=arns, **more
        )
        assert code == "ConflictException"
    assert (await desk("ListRooms"))["rooms"][0]["name"] == "a"
    assert await desk("GetRoom", identifier=room["arn"]) == room


async def test_the_second_deletion(desk: Desk) -> None:
    arn = await logging(desk)
    await desk("DeleteLoggingConfiguration", identifier=arn)
    for operation in ("Delete", "Get", "Update"):
        assert (
            await code_of(desk, f"{operation}LoggingConfiguration", identifier=arn)
            == "ResourceNotFoundException"
        )


async def test_pages(desk: Desk) -> None:
    made = [await logging(desk) for _ in range(5)]
    seen: list[str] = []
    token = None
    while token != "":
        page = await desk("ListLoggingConfigurations", maxResults=2, nextToken=token or "")
        seen += [each["arn"] for each in page["loggingConfigurations"]]
        token = page.get("nextToken", "")
    assert seen == made[::-1]


async def test_whose(desk: Desk) -> None:
    arn = await logging(desk)
    desk.caller.account = "999999999999"
    for operation in ("Get", "Update", "Delete"):
        assert (
            await code_of(desk, f"{operation}LoggingConfiguration", identifier=arn)
            == "AccessDeniedException"
        )
    assert await desk("ListLoggingConfigurations") == {"loggingConfigurations": []}


async def test_a_new_destination_holds_for_open_rooms(desk: Desk) -> None:
    arn = await logging(desk, "first")
    room = await desk("CreateRoom", loggingConfigurationIdentifiers=[arn])
    client = await desk.enter(room["arn"])
    client.say("one")
    await desk(
        "UpdateLoggingConfiguration",
        identifier=arn,
        destinationConfiguration={"s3": {"bucketName": "second"}},
    )
    client.say("two")
    assert [destination.name for destination, _ in desk.shelf.records] == ["first", "second"]
