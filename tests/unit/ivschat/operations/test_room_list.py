"""ListRooms: order, filters and pages (spec 4), on both databases."""

from __future__ import annotations

import pytest

from hubbub.wire.errors import ServiceError, ValidationFailure
from tests.unit.ivschat.operations.desk import HANDLER, Desk
from tests.unit.ivschat.operations.test_rooms import logging


async def names(desk: Desk, **request: object) -> list[str]:
    return [room["name"] for room in (await desk("ListRooms", **request))["rooms"]]


LOGGING = "arn:aws:ivschat:{}:logging-configuration/aaaaaaaaaaaa"


async def test_newest_update_first(desk: Desk) -> None:
    rooms = [await desk("CreateRoom", name=name) for name in "abc"]
    assert await names(desk) == ["c", "b", "a"]
    await desk("UpdateRoom", identifier=rooms[0]["arn"], maximumMessageLength=7)
    assert await names(desk) == ["a", "c", "b"]
    await desk("TagResource", resourceArn=rooms[1]["arn"], tags={"k": "v"})
    assert await names(desk) == ["a", "c", "b"]


async def test_entries_have_all_but_the_limits(desk: Desk) -> None:
    room = await desk(
        "CreateRoom",
        name="a",
        tags={"k": "v"},
        messageReviewHandler={"uri": HANDLER},
        loggingConfigurationIdentifiers=[await logging(desk)],
    )
    del room["maximumMessageLength"], room["maximumMessageRatePerSecond"]
    assert await desk("ListRooms") == {"rooms": [room]}


async def test_filters_match_whole_values_and_all_must_hold(desk: Desk) -> None:
    attached = await logging(desk)
    handler = {"uri": HANDLER}
    await desk("CreateRoom", name="lobby")
    await desk("CreateRoom", name="lobby", messageReviewHandler=handler)
    await desk("CreateRoom", name="lobby-2", loggingConfigurationIdentifiers=[attached])
    await desk(
        "CreateRoom",
        name="all",
        messageReviewHandler=handler,
        loggingConfigurationIdentifiers=[await logging(desk), attached],
    )
    assert await names(desk, name="lobby") == ["lobby", "lobby"]
    assert await names(desk, name="Lobby") == []
    assert await names(desk, messageReviewHandlerUri=HANDLER) == ["all", "lobby"]
    assert await names(desk, loggingConfigurationIdentifier=attached) == ["all", "lobby-2"]
    assert await names(desk, name="lobby", messageReviewHandlerUri=HANDLER) == ["lobby"]
    assert await names(
        desk, messageReviewHandlerUri=HANDLER, loggingConfigurationIdentifier=attached
    ) == ["all"]
    assert (
        await names(
            desk,
            name="lobby",
            messageReviewHandlerUri=HANDLER,
            loggingConfigurationIdentifier=attached,
        )
        == []
    )


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
async def test_pages_make_the_whole(desk: Desk, size: int) -> None:
    for n in range(7):
        desk.clock.advance(-0.001)  # several rooms of one microsecond
        await desk("CreateRoom", name=f"r{n}")
    whole = await desk("ListRooms")
    assert "nextToken" not in whole
    seen, token = [], ""
    while True:
        page = await desk("ListRooms", maxResults=size, nextToken=token)
        seen += page["rooms"]
        assert len(page["rooms"]) <= size
        if "nextToken" not in page:
            break
        token = page["nextToken"]
        assert len(token) <= 1024
    assert seen == whole["rooms"]


async def test_paging_goes_on_behind_what_was_seen(desk: Desk) -> None:
    rooms = [await desk("CreateRoom", name=name) for name in "abcdef"]
    first = await desk("ListRooms", maxResults=2)
    await desk("CreateRoom", name="new")
    await desk("DeleteRoom", identifier=rooms[4]["arn"])
    await desk("DeleteRoom", identifier=rooms[2]["arn"])
    rest = await desk("ListRooms", maxResults=50, nextToken=first["nextToken"])
    assert [room["name"] for room in rest["rooms"]] == ["d", "b", "a"]


async def test_fifty_are_a_page(desk: Desk) -> None:
    for _ in range(51):
        await desk("CreateRoom")
    page = await desk("ListRooms")
    assert len(page["rooms"]) == 50
    assert len((await desk("ListRooms", nextToken=page["nextToken"]))["rooms"]) == 1


@pytest.mark.parametrize("token", ["x", "AAAA", "not a token", "é" * 10, "A" * 1024])
async def test_unusable_tokens(desk: Desk, token: str) -> None:
    with pytest.raises(ValidationFailure) as caught:
        await desk("ListRooms", nextToken=token)
    assert caught.value.failures[0].member == "nextToken"


async def test_a_token_belongs_to_its_query_its_account_and_its_region(desk: Desk) -> None:
    for _ in range(2):
        await desk("CreateRoom", name="a")
        await logging(desk)
    token = (await desk("ListRooms", maxResults=1, name="a"))["nextToken"]
    for operation, request in (
        ("ListRooms", {}),
        ("ListRooms", {"name": "b"}),
        ("ListLoggingConfigurations", {}),
    ):
        with pytest.raises(ValidationFailure):
            await desk(operation, nextToken=token, **request)
    assert len((await desk("ListRooms", nextToken=token, name="a"))["rooms"]) == 1
    desk.caller.region = "eu-west-1"
    with pytest.raises(ValidationFailure):
        await desk("ListRooms", nextToken=token, name="a")
    desk.caller.region = "us-west-2"
    desk.caller.account = "999999999999"
    with pytest.raises(ValidationFailure):
        await desk("ListRooms", nextToken=token, name="a")


async def test_each_account_and_region_lists_its_own(desk: Desk) -> None:
    await desk("CreateRoom", name="here")
    desk.caller.region = "eu-west-1"
    await desk("CreateRoom", name="there")
    assert await names(desk) == ["there"]
    desk.caller.account = "999999999999"
    assert await names(desk) == []


@pytest.mark.parametrize(
    ("whose", "code"),
    [
        ("us-west-2:999999999999", "AccessDeniedException"),
        ("eu-west-1:999999999999", "AccessDeniedException"),
        ("eu-west-1:123456789012", "ResourceNotFoundException"),
    ],
)
async def test_filtering_by_what_is_not_ones_own(desk: Desk, whose: str, code: str) -> None:
    with pytest.raises(ServiceError) as caught:
        await desk("ListRooms", loggingConfigurationIdentifier=LOGGING.format(whose))
    assert caught.value.code == code


async def test_nothing_is_attached_to_a_logging_configuration_that_is_not_there(desk: Desk) -> None:
    await desk("CreateRoom", loggingConfigurationIdentifiers=[await logging(desk)])
    absent = LOGGING.format("us-west-2:123456789012")
    assert await names(desk, loggingConfigurationIdentifier=absent) == []
