"""Rooms with boto3 (spec sections 2 to 4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.world import World

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient

ARN = "arn:aws:ivschat:{region}:000000000000:room/{id}"
UNKNOWN = "abcdefghijkl"


def failure(error: ClientError) -> tuple[str, int]:
    response: Any = error.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def fields(error: ClientError) -> list[str]:
    """Names in the fieldList of a ValidationException; the message and reason must fit."""
    response: Any = error.response
    assert failure(error) == ("ValidationException", 400)
    assert response["reason"] == "FIELD_VALIDATION_FAILED"
    assert response["message"].startswith("Request member: ")
    assert all(set(entry) == {"name", "message"} for entry in response["fieldList"])
    return sorted(entry["name"] for entry in response["fieldList"])


@pytest.fixture
def logging(ivschat: IvschatClient) -> list[str]:
    return [
        ivschat.create_logging_configuration(
            destinationConfiguration={"s3": {"bucketName": f"bucket-{n}"}}
        )["arn"]
        for n in range(4)
    ]


def test_create_with_nothing_fills_in_defaults(ivschat: IvschatClient, region: str) -> None:
    room: Any = ivschat.create_room()
    metadata = room.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["HTTPHeaders"]["content-type"] == "application/json"
    assert re.fullmatch("[a-zA-Z0-9]{12}", room["id"])
    assert abs(room["createTime"] - datetime.now(UTC)) < timedelta(seconds=10)
    assert room["createTime"] == room["updateTime"]
    assert room == {
        "arn": ARN.format(region=region, id=room["id"]),
        "id": room["id"],
        "name": "",
        "createTime": room["createTime"],
        "updateTime": room["createTime"],
        "maximumMessageLength": 500,
        "maximumMessageRatePerSecond": 10,
        "tags": {},
        "loggingConfigurationIdentifiers": [],
    }


def test_create_with_everything(ivschat: IvschatClient, logging: list[str]) -> None:
    given: Any = {
        "name": "x" * 128,
        "maximumMessageLength": 1,
        "maximumMessageRatePerSecond": 100,
        "tags": {f"key {n}": "v" * 256 for n in range(50)},
        "loggingConfigurationIdentifiers": logging[:3],
    }
    room: Any = ivschat.create_room(**given)
    assert {key: room[key] for key in given} == given
    again: Any = ivschat.get_room(identifier=room["arn"])
    del room["ResponseMetadata"], again["ResponseMetadata"]
    assert again == room


def test_creating_is_not_idempotent(ivschat: IvschatClient) -> None:
    arns = {ivschat.create_room(name="same")["arn"] for _ in range(3)}
    assert len(arns) == 3


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", "x" * 129),
        ("name", "with space"),
        ("name", "line\n"),
        ("name", "ümlaut"),
        ("name", "trailing\n"),
        ("maximumMessageLength", 0),
        ("maximumMessageLength", 501),
        ("maximumMessageLength", -1),
        ("maximumMessageLength", 2**31 - 1),
        ("maximumMessageRatePerSecond", 0),
        ("maximumMessageRatePerSecond", 101),
    ],
)
def test_each_bad_member_is_named(unchecked: IvschatClient, member: str, value: Any) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.create_room(**{member: value})
    assert fields(error.value) == [member]
    room = unchecked.create_room()
    with pytest.raises(ClientError) as error:
        unchecked.update_room(identifier=room["arn"], **{member: value})
    assert fields(error.value) == [member]


def test_all_bad_members_are_named_and_nothing_is_made(
    unchecked: IvschatClient,
) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.create_room(
            name="?", maximumMessageLength=0, maximumMessageRatePerSecond=1000, tags={"": "x"}
        )
    named = fields(error.value)
    assert len(named) == 4
    assert named[:3] == ["maximumMessageLength", "maximumMessageRatePerSecond", "name"]
    assert named[3].startswith("tags")
    assert unchecked.list_rooms()["rooms"] == []


@pytest.mark.parametrize(
    "tags",
    [
        {f"k{n}": "v" for n in range(51)},
        {"k" * 129: "v"},
        {"k": "v" * 257},
        {"": "v"},
        {"aws:reserved": "v"},
        {"AWS:reserved": "v"},
    ],
    ids=["51 tags", "long key", "long value", "empty key", "aws:", "AWS:"],
)
def test_bad_tags(unchecked: IvschatClient, tags: dict[str, str]) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.create_room(tags=tags)
    assert failure(error.value) == ("ValidationException", 400)
    assert unchecked.list_rooms()["rooms"] == []


def test_lengths_count_code_points(ivschat: IvschatClient) -> None:
    tags = {"ключ" * 32: "𠮷" * 256}
    assert ivschat.create_room(tags=tags)["tags"] == tags


@pytest.mark.parametrize(
    "identifier",
    [
        UNKNOWN,
        "",
        "arn:aws:ivschat:us-east-1:000000000000:room/",
        "arn:aws:ivschat:us-east-1:000000000000:channel/abcdefghijkl",
        "arn:aws:ivs:us-east-1:000000000000:room/abcdefghijkl",
        "arn:aws:ivschat:us-east-1:000000000000:room/abcdefghijkl/x",
        "arn:aws:ivschat:us-east-1:000000000000:room/abcdefghijkl\n",
        "arn:aws:ivschat:US-EAST-1:000000000000:room/abcdefghijkl",
        "arn:aws:ivschat:us-east-1:000000000000:room/" + "x" * 100,
        "x" * 10_000,
    ],
)
def test_only_an_arn_names_a_room(unchecked: IvschatClient, identifier: str) -> None:
    for call in (unchecked.get_room, unchecked.update_room, unchecked.delete_room):
        with pytest.raises(ClientError) as error:
            call(identifier=identifier)
        assert fields(error.value) == ["identifier"]


def test_unknown_room(ivschat: IvschatClient, world: World) -> None:
    arn = world.arn("room", UNKNOWN)
    for call in (ivschat.get_room, ivschat.update_room, ivschat.delete_room):
        with pytest.raises(ivschat.exceptions.ResourceNotFoundException) as error:
            call(identifier=arn)
        response: Any = error.value.response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 404
        assert response["resourceId"] == UNKNOWN
        assert response["resourceType"] == "ROOM"
        assert arn in response["message"]


def test_other_account_and_other_region(ivschat: IvschatClient, world: World) -> None:
    elsewhere = world.room().replace(f":{world.region}:", ":eu-west-1:")
    with pytest.raises(ClientError) as error:
        ivschat.get_room(identifier=elsewhere)
    assert failure(error.value) == ("ResourceNotFoundException", 404)
    somebody = world.room().replace(":000000000000:", ":123456789012:")
    with pytest.raises(ClientError) as error:
        ivschat.get_room(identifier=somebody)
    assert failure(error.value) == ("AccessDeniedException", 403)


# --- update -------------------------------------------------------------------------------------


def test_update_with_the_identifier_alone_changes_nothing(ivschat: IvschatClient) -> None:
    room: Any = ivschat.create_room(name="n", tags={"a": "b"})
    updated: Any = ivschat.update_room(identifier=room["arn"])
    del room["ResponseMetadata"], updated["ResponseMetadata"]
    assert updated == room


def test_update_changes_what_is_given_only(ivschat: IvschatClient, logging: list[str]) -> None:
    room: Any = ivschat.create_room(
        name="before",
        maximumMessageLength=10,
        tags={"a": "b"},
        loggingConfigurationIdentifiers=logging[:2],
    )
    changes: list[dict[str, Any]] = [
        {"name": "after"},
        {"maximumMessageLength": 20},
        {"maximumMessageRatePerSecond": 30},
        {"loggingConfigurationIdentifiers": logging[1:]},
        {"loggingConfigurationIdentifiers": []},
        {"name": ""},
    ]
    expected = room
    for change in changes:
        updated: Any = ivschat.update_room(identifier=room["arn"], **change)
        assert updated["updateTime"] > expected["updateTime"]
        assert updated["createTime"] == room["createTime"]
        expected = expected | change | {"updateTime": updated["updateTime"]}
        del expected["ResponseMetadata"], updated["ResponseMetadata"]
        assert updated == expected
        expected["ResponseMetadata"] = {}
    again: Any = ivschat.get_room(identifier=room["arn"])
    del again["ResponseMetadata"], expected["ResponseMetadata"]
    assert again == expected


def test_one_bad_member_changes_nothing_at_all(
    unchecked: IvschatClient, logging: list[str]
) -> None:
    room: Any = unchecked.create_room(name="kept", maximumMessageLength=10)
    for bad in (
        {"maximumMessageLength": 0},
        {"loggingConfigurationIdentifiers": logging},
        {"loggingConfigurationIdentifiers": ["nonsense"]},
        {"loggingConfigurationIdentifiers": [logging[0][:-12] + UNKNOWN]},
        {"messageReviewHandler": {"uri": "arn:aws:lambda:us-east-1:000000000000:function:none"}},
        {"messageReviewHandler": {"fallbackResult": "MAYBE"}},
    ):
        change: Any = {"name": "changed", **bad}
        with pytest.raises(ClientError) as error:
            unchecked.update_room(identifier=room["arn"], **change)
        assert failure(error.value)[1] in (400, 404)
        again: Any = unchecked.get_room(identifier=room["arn"])
        assert again["name"] == "kept"
        assert again["updateTime"] == room["updateTime"]


def test_null_is_the_same_as_absent(unchecked: IvschatClient) -> None:
    nothing: Any = None
    room = unchecked.create_room(name=nothing, tags=nothing, maximumMessageLength=nothing)
    assert room["maximumMessageLength"] == 500
    named = unchecked.update_room(identifier=room["arn"], name="n")
    assert unchecked.update_room(identifier=room["arn"], name=nothing)["name"] == named["name"]


# --- review handlers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri",
    [
        "arn:aws:lambda:us-east-1:000000000000:function:not-registered",
        "arn:aws:lambda:us-east-1:123456789012:function:other-account",
        "arn:aws:lambda:us-east-1:1:function:short-account",
        "http://127.0.0.1/",
        "arn:aws:lambda:us-east-1:000000000000:function:" + "x" * 170,
    ],
)
def test_a_handler_must_be_invocable_now(unchecked: IvschatClient, uri: str) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.create_room(messageReviewHandler={"uri": uri})
    response: Any = error.value.response
    assert failure(error.value) == ("ValidationException", 400)
    assert "uri" in response["message"]
    assert unchecked.list_rooms()["rooms"] == []


def test_an_empty_handler_is_none(ivschat: IvschatClient) -> None:
    room = ivschat.create_room(messageReviewHandler={"uri": ""})
    assert room.get("messageReviewHandler", {"uri": ""})["uri"] == ""


# --- delete and list ------------------------------------------------------------------------------


def test_delete_is_204_then_404(ivschat: IvschatClient, world: World) -> None:
    arn = world.room()
    response: Any = ivschat.delete_room(identifier=arn)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "content-type" not in response["ResponseMetadata"]["HTTPHeaders"] or not response[
        "ResponseMetadata"
    ]["HTTPHeaders"].get("content-length", "0").strip("0")
    for call in (ivschat.delete_room, ivschat.get_room):
        with pytest.raises(ivschat.exceptions.ResourceNotFoundException):
            call(identifier=arn)
    with pytest.raises(ivschat.exceptions.ResourceNotFoundException):
        ivschat.create_chat_token(roomIdentifier=arn, userId="kim")
    with pytest.raises(ivschat.exceptions.ResourceNotFoundException):
        ivschat.list_tags_for_resource(resourceArn=arn)


def listed(ivschat: IvschatClient, **members: Any) -> list[str]:
    """ARNs of all rooms, over all pages."""
    arns: list[str] = []
    token = ""
    while True:
        page: Any = ivschat.list_rooms(nextToken=token, **members)
        assert len(page["rooms"]) <= members.get("maxResults", 50)
        arns += [room["arn"] for room in page["rooms"]]
        if "nextToken" not in page:
            return arns
        token = page["nextToken"]
        assert 1 <= len(token) <= 1024


def test_list_has_the_newest_update_first(ivschat: IvschatClient, world: World) -> None:
    arns = [world.room(name=f"n{n}") for n in range(6)]
    assert listed(ivschat) == arns[::-1]
    ivschat.update_room(identifier=arns[2], name="touched")
    expected = [arns[2], *[arn for arn in arns[::-1] if arn != arns[2]]]
    for size in (1, 2, 3, 5, 6, 50):
        assert listed(ivschat, maxResults=size) == expected


def test_list_entries(ivschat: IvschatClient, logging: list[str]) -> None:
    room: Any = ivschat.create_room(
        name="n", tags={"a": "b"}, loggingConfigurationIdentifiers=logging[:1]
    )
    [entry] = ivschat.list_rooms()["rooms"]
    assert entry == {
        key: room[key]
        for key in (
            *("arn", "id", "name", "createTime", "updateTime", "tags"),
            "loggingConfigurationIdentifiers",
        )
    }


def test_filters_must_all_hold(ivschat: IvschatClient, world: World, logging: list[str]) -> None:
    a = world.room(name="a", loggingConfigurationIdentifiers=logging[:2])
    b = world.room(name="b", loggingConfigurationIdentifiers=logging[1:3])
    ab = world.room(name="ab")
    one, two = logging[0], logging[1]
    assert listed(ivschat, name="a") == [a]
    assert listed(ivschat, name="A") == []
    assert listed(ivschat, loggingConfigurationIdentifier=two) == [b, a]
    assert listed(ivschat, loggingConfigurationIdentifier=one) == [a]
    assert listed(ivschat, loggingConfigurationIdentifier=two, name="b") == [b]
    assert listed(ivschat, loggingConfigurationIdentifier=one, name="b") == []
    assert listed(ivschat, loggingConfigurationIdentifier=logging[3]) == []
    assert listed(ivschat) == [ab, b, a]


def test_pages_go_on_where_they_were_although_rooms_come_and_go(
    ivschat: IvschatClient, world: World
) -> None:
    arns = [world.room() for _ in range(6)][::-1]
    first = ivschat.list_rooms(maxResults=2)
    assert [room["arn"] for room in first["rooms"]] == arns[:2]
    world.room()
    ivschat.delete_room(identifier=arns[1])
    ivschat.delete_room(identifier=arns[2])
    second = ivschat.list_rooms(maxResults=2, nextToken=first["nextToken"])
    assert [room["arn"] for room in second["rooms"]] == arns[3:5]


@pytest.mark.parametrize("token", ["x", "AAAA", "é", "x" * 1024, "../../etc/passwd"])
def test_a_made_up_token(ivschat: IvschatClient, token: str) -> None:
    with pytest.raises(ClientError) as error:
        ivschat.list_rooms(nextToken=token)
    assert failure(error.value) == ("ValidationException", 400)


def test_a_token_fits_its_query_only(ivschat: IvschatClient, world: World) -> None:
    for _ in range(3):
        world.room(name="n")
    token = ivschat.list_rooms(maxResults=1, name="n")["nextToken"]
    assert ivschat.list_rooms(maxResults=1, name="n", nextToken=token)["rooms"]
    with pytest.raises(ClientError) as error:
        ivschat.list_rooms(maxResults=1, name="other", nextToken=token)
    assert failure(error.value) == ("ValidationException", 400)
    broken = token[:-1] + ("A" if token[-1] != "A" else "B")
    with pytest.raises(ClientError) as error:
        ivschat.list_rooms(maxResults=1, name="n", nextToken=broken)
    assert failure(error.value) == ("ValidationException", 400)
    with pytest.raises(ClientError) as error:
        ivschat.list_logging_configurations(nextToken=token)
    assert failure(error.value) == ("ValidationException", 400)


@pytest.mark.parametrize(
    "members",
    [
        {"maxResults": 0},
        {"maxResults": 51},
        {"nextToken": "x" * 1025},
        {"name": "no spaces"},
        {"messageReviewHandlerUri": "nonsense"},
        {"loggingConfigurationIdentifier": "nonsense"},
    ],
)
def test_bad_members_of_list(unchecked: IvschatClient, members: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.list_rooms(**members)
    assert fields(error.value) == list(members)


def test_rooms_of_other_regions_are_not_listed(world: World) -> None:
    world.room()
    with World(world.server, f"{world.region}-b") as other:
        assert other.ivschat.list_rooms()["rooms"] == []
