"""The AWS SDK for JavaScript v3, which parses more strictly than boto3, on all 17 operations."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.javascript import JavaScript
from tests.clients.world import World

Call = Callable[..., Any]
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def call(aws_js: JavaScript, world: World) -> Call:
    """Run an operation; its output. The status must be the given one."""

    def call(operation: str, status: int = 200, **members: Any) -> Any:
        answer = aws_js.aws(world.server, operation, region=world.region, **members)
        assert answer.get("status") == status, answer
        assert UUID.fullmatch(answer["requestId"])
        return answer["output"]

    return call


@pytest.fixture
def failing(aws_js: JavaScript, world: World) -> Call:
    """Run an operation that must fail with an exception class the SDK knows."""

    def failing(operation: str, error_name: str, status: int, **members: Any) -> Any:
        answer = aws_js.aws(world.server, operation, region=world.region, **members)
        assert "error" in answer, answer
        assert (answer["error"]["name"], answer["error"]["status"]) == (error_name, status)
        assert answer["error"]["known"]
        assert UUID.fullmatch(answer["error"]["requestId"])
        return answer["error"]["members"]

    return failing


def is_date(value: Any) -> bool:
    return set(value) == {"$date"}


def test_create_room_with_nothing(call: Call, region: str) -> None:
    room = call("CreateRoom")
    assert is_date(room.pop("createTime"))
    assert is_date(room.pop("updateTime"))
    assert room == {
        "arn": f"arn:aws:ivschat:{region}:000000000000:room/{room['id']}",
        "id": room["id"],
        "name": "",
        "maximumMessageLength": 500,
        "maximumMessageRatePerSecond": 10,
        "tags": {},
        "loggingConfigurationIdentifiers": [],
    }


def test_a_room_through_its_life(call: Call, failing: Call) -> None:
    created = call("CreateRoom", name="lobby", maximumMessageLength=7, tags={"a": "b"})
    assert call("GetRoom", identifier=created["arn"]) == created
    updated = call("UpdateRoom", identifier=created["arn"], maximumMessageRatePerSecond=100)
    assert updated["updateTime"]["$date"] > created["updateTime"]["$date"]
    assert updated == created | {
        "maximumMessageRatePerSecond": 100,
        "updateTime": updated["updateTime"],
    }
    assert call("GetRoom", identifier=created["arn"]) == updated
    listed = call("ListRooms", name="lobby")
    limits = ("maximumMessageLength", "maximumMessageRatePerSecond")
    assert listed == {
        "rooms": [{key: value for key, value in updated.items() if key not in limits}]
    }
    assert call("DeleteRoom", 204, identifier=created["arn"]) == {}
    gone = {"resourceId": created["id"], "resourceType": "ROOM"}
    for operation in ("GetRoom", "UpdateRoom", "DeleteRoom"):
        members = failing(operation, "ResourceNotFoundException", 404, identifier=created["arn"])
        assert members == gone
    assert call("ListRooms") == {"rooms": []}


def test_paginating_rooms(call: Call, aws_js: JavaScript, world: World) -> None:
    arns = [call("CreateRoom", name="paged")["arn"] for _ in range(7)]
    call("CreateRoom", name="other")
    pages = aws_js.room_pages(world.server, region=world.region, page_size=3, name="paged")
    assert [len(page) for page in pages] in ([3, 3, 1], [3, 3, 1, 0])
    assert [arn for page in pages for arn in page] == arns[::-1]


def test_a_logging_configuration_through_its_life(call: Call, failing: Call) -> None:
    s3 = {"s3": {"bucketName": "my-bucket"}}
    created = call("CreateLoggingConfiguration", name="log", destinationConfiguration=s3)
    assert is_date(created["createTime"])
    assert is_date(created["updateTime"])
    assert created["state"] == "ACTIVE"
    assert created["destinationConfiguration"] == s3
    assert created["tags"] == {}
    assert call("GetLoggingConfiguration", identifier=created["arn"]) == created
    firehose = {"firehose": {"deliveryStreamName": "my_stream"}}
    updated = call(
        "UpdateLoggingConfiguration", identifier=created["arn"], destinationConfiguration=firehose
    )
    assert updated["destinationConfiguration"] == firehose
    assert updated["name"] == "log"
    listed = call("ListLoggingConfigurations")
    assert listed == {"loggingConfigurations": [updated]}
    room = call("CreateRoom", loggingConfigurationIdentifiers=[created["arn"]])
    assert room["loggingConfigurationIdentifiers"] == [created["arn"]]
    conflict = failing(
        "DeleteLoggingConfiguration", "ConflictException", 409, identifier=created["arn"]
    )
    assert conflict == {"resourceId": created["id"], "resourceType": "ROOM"}
    call("DeleteRoom", 204, identifier=room["arn"])
    assert call("DeleteLoggingConfiguration", 204, identifier=created["arn"]) == {}
    failing(
        "DeleteLoggingConfiguration", "ResourceNotFoundException", 404, identifier=created["arn"]
    )


def test_tags(call: Call, failing: Call, world: World) -> None:
    arn = call("CreateRoom", tags={"kept": "1", "a key/with:colon": "2", "empty": ""})["arn"]
    assert call("TagResource", resourceArn=arn, tags={"kept": "3", "ключ": "значение"}) == {}
    assert call("ListTagsForResource", resourceArn=arn) == {
        "tags": {"kept": "3", "a key/with:colon": "2", "empty": "", "ключ": "значение"}
    }
    keys = ["a key/with:colon", "empty", "ключ", "never there"]
    assert call("UntagResource", resourceArn=arn, tagKeys=keys) == {}
    assert call("ListTagsForResource", resourceArn=arn) == {"tags": {"kept": "3"}}
    assert call("GetRoom", identifier=arn)["tags"] == {"kept": "3"}
    unknown = world.arn("room", "abcdefghijkl")
    failing("ListTagsForResource", "ResourceNotFoundException", 404, resourceArn=unknown)


def test_create_chat_token_gives_dates(call: Call) -> None:
    room = call("CreateRoom")["arn"]
    token = call(
        "CreateChatToken",
        roomIdentifier=room,
        userId="kim",
        capabilities=["SEND_MESSAGE"],
        sessionDurationInMinutes=1,
        attributes={"a": "b"},
    )
    assert is_date(token["tokenExpirationTime"])
    assert is_date(token["sessionExpirationTime"])
    assert re.fullmatch(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+", token["token"])


def test_messaging_operations(call: Call, failing: Call, world: World) -> None:
    room = call("CreateRoom")["arn"]
    event = call("SendEvent", roomIdentifier=room, eventName="x", attributes={"k": "v"})
    assert re.fullmatch("[a-zA-Z0-9]{12}", event["id"])
    deleted = call("DeleteMessage", roomIdentifier=room, id=event["id"], reason="r")
    assert re.fullmatch("[a-zA-Z0-9]{12}", deleted["id"])
    assert deleted["id"] != event["id"]
    assert call("DisconnectUser", roomIdentifier=room, userId="nobody") == {}
    unknown = world.arn("room", "abcdefghijkl")
    for operation, members in {
        "SendEvent": {"eventName": "x"},
        "DeleteMessage": {"id": "abcdefghijkl"},
        "DisconnectUser": {"userId": "x"},
        "CreateChatToken": {"userId": "x"},
    }.items():
        failing(operation, "ResourceNotFoundException", 404, roomIdentifier=unknown, **members)


def test_validation_errors_list_their_fields(failing: Call) -> None:
    members = failing(
        "CreateRoom",
        "ValidationException",
        400,
        name="not allowed!",
        maximumMessageLength=501,
        maximumMessageRatePerSecond=0,
    )
    assert members["reason"] == "FIELD_VALIDATION_FAILED"
    assert sorted(entry["name"] for entry in members["fieldList"]) == [
        "maximumMessageLength",
        "maximumMessageRatePerSecond",
        "name",
    ]


def test_the_quota_of_logging_configurations(call: Call, failing: Call) -> None:
    given: dict[str, Any] = {"destinationConfiguration": {"s3": {"bucketName": "a-bucket"}}}
    for _ in range(10):
        call("CreateLoggingConfiguration", **given)
    members = failing("CreateLoggingConfiguration", "ServiceQuotaExceededException", 402, **given)
    assert members["limit"] == 10
    assert members["resourceType"] == "ROOM"


def test_a_wrong_secret(aws_js: JavaScript, world: World) -> None:
    key = ("AKIAHUBBUBTESTS00000", "wrong")
    answer = aws_js.aws(world.server, "ListRooms", key=key)
    assert answer["error"]["name"] == "InvalidSignatureException"
    assert answer["error"]["status"] == 403
