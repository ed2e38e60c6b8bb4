"""Logging configurations with boto3 (spec section 4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.test_rooms import UNKNOWN, failure
from tests.clients.world import World

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient

DESTINATIONS: list[Any] = [
    {"s3": {"bucketName": "a-bucket.name"}},
    {"cloudWatchLogs": {"logGroupName": "/a/log_group-name.1#2"}},
    {"firehose": {"deliveryStreamName": "a.stream_name-1"}},
]


@pytest.mark.parametrize("destination", DESTINATIONS, ids=["s3", "cloudWatchLogs", "firehose"])
def test_through_its_life(ivschat: IvschatClient, region: str, destination: Any) -> None:
    created: Any = ivschat.create_logging_configuration(
        name="log", destinationConfiguration=destination, tags={"a": "b"}
    )
    del created["ResponseMetadata"]
    assert created == {
        "arn": f"arn:aws:ivschat:{region}:000000000000:logging-configuration/{created['id']}",
        "id": created["id"],
        "createTime": created["createTime"],
        "updateTime": created["createTime"],
        "name": "log",
        "destinationConfiguration": destination,
        "state": "ACTIVE",
        "tags": {"a": "b"},
    }
    assert abs(created["createTime"] - datetime.now(UTC)) < timedelta(seconds=10)
    again: Any = ivschat.get_logging_configuration(identifier=created["arn"])
    del again["ResponseMetadata"]
    assert again == created
    assert ivschat.list_logging_configurations()["loggingConfigurations"] == [created]
    response: Any = ivschat.delete_logging_configuration(identifier=created["arn"])
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 204
    for call in (
        ivschat.get_logging_configuration,
        ivschat.update_logging_configuration,
        ivschat.delete_logging_configuration,
    ):
        with pytest.raises(ivschat.exceptions.ResourceNotFoundException):
            call(identifier=created["arn"])


def test_a_name_is_not_needed(ivschat: IvschatClient) -> None:
    created = ivschat.create_logging_configuration(destinationConfiguration=DESTINATIONS[0])
    assert created["name"] == ""
    assert created["tags"] == {}


@pytest.mark.parametrize(
    "destination",
    [
        {},
        DESTINATIONS[0] | DESTINATIONS[1],
        DESTINATIONS[0] | DESTINATIONS[1] | DESTINATIONS[2],
        {"s3": {}},
        {"s3": {"bucketName": "ab"}},
        {"s3": {"bucketName": "x" * 64}},
        {"s3": {"bucketName": "UPPER"}},
        {"s3": {"bucketName": "under_score"}},
        {"cloudWatchLogs": {"logGroupName": ""}},
        {"cloudWatchLogs": {"logGroupName": "x" * 513}},
        {"cloudWatchLogs": {"logGroupName": "with space"}},
        {"firehose": {"deliveryStreamName": ""}},
        {"firehose": {"deliveryStreamName": "x" * 65}},
        {"firehose": {"deliveryStreamName": "with/slash"}},
        None,
    ],
    ids=str,
)
def test_bad_destinations(
    unchecked: IvschatClient, ivschat: IvschatClient, destination: Any
) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.create_logging_configuration(destinationConfiguration=destination)
    assert failure(error.value) == ("ValidationException", 400)
    made = ivschat.create_logging_configuration(destinationConfiguration=DESTINATIONS[0])
    if destination is not None:
        with pytest.raises(ClientError) as error:
            unchecked.update_logging_configuration(
                identifier=made["arn"], destinationConfiguration=destination
            )
        assert failure(error.value) == ("ValidationException", 400)
    [entry] = ivschat.list_logging_configurations()["loggingConfigurations"]
    assert entry["destinationConfiguration"] == DESTINATIONS[0]


def test_several_may_share_a_destination(ivschat: IvschatClient) -> None:
    arns = {
        ivschat.create_logging_configuration(destinationConfiguration=DESTINATIONS[0])["arn"]
        for _ in range(3)
    }
    assert len(arns) == 3


def test_the_eleventh_is_402(ivschat: IvschatClient) -> None:
    arns = [
        ivschat.create_logging_configuration(destinationConfiguration=DESTINATIONS[n % 3])["arn"]
        for n in range(10)
    ]
    with pytest.raises(ivschat.exceptions.ServiceQuotaExceededException) as error:
        ivschat.create_logging_configuration(destinationConfiguration=DESTINATIONS[0])
    response: Any = error.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 402
    assert response["limit"] == 10
    assert response["resourceType"] == "ROOM"
    assert response["resourceId"].isalnum()
    ivschat.delete_logging_configuration(identifier=arns[0])
    assert ivschat.create_logging_configuration(destinationConfiguration=DESTINATIONS[0])


def test_update_is_partial_and_may_change_the_kind(ivschat: IvschatClient) -> None:
    created: Any = ivschat.create_logging_configuration(
        name="log", destinationConfiguration=DESTINATIONS[0], tags={"a": "b"}
    )
    renamed: Any = ivschat.update_logging_configuration(identifier=created["arn"], name="other")
    moved: Any = ivschat.update_logging_configuration(
        identifier=created["arn"], destinationConfiguration=DESTINATIONS[2]
    )
    for response in (created, renamed, moved):
        del response["ResponseMetadata"]
    assert created["updateTime"] < renamed["updateTime"] < moved["updateTime"]
    assert renamed == created | {"name": "other", "updateTime": renamed["updateTime"]}
    assert moved == renamed | {
        "destinationConfiguration": DESTINATIONS[2],
        "updateTime": moved["updateTime"],
    }


def test_attached_ones_cannot_be_deleted(ivschat: IvschatClient, world: World) -> None:
    arn = ivschat.create_logging_configuration(destinationConfiguration=DESTINATIONS[0])["arn"]
    rooms = [world.room(loggingConfigurationIdentifiers=[arn]) for _ in range(2)]
    with pytest.raises(ivschat.exceptions.ConflictException) as error:
        ivschat.delete_logging_configuration(identifier=arn)
    response: Any = error.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert response["resourceId"] == arn[-12:]
    ivschat.update_room(identifier=rooms[0], loggingConfigurationIdentifiers=[])
    with pytest.raises(ivschat.exceptions.ConflictException):
        ivschat.delete_logging_configuration(identifier=arn)
    ivschat.delete_room(identifier=rooms[1])
    ivschat.delete_logging_configuration(identifier=arn)


def test_rooms_cannot_use_what_is_not_there(ivschat: IvschatClient, world: World) -> None:
    unknown = world.arn("logging-configuration", UNKNOWN)
    with pytest.raises(ivschat.exceptions.ResourceNotFoundException) as error:
        ivschat.create_room(loggingConfigurationIdentifiers=[unknown])
    response: Any = error.value.response
    assert response["resourceId"] == UNKNOWN
    room = world.room()
    with pytest.raises(ivschat.exceptions.ResourceNotFoundException):
        ivschat.update_room(identifier=room, loggingConfigurationIdentifiers=[unknown])
    assert [entry["arn"] for entry in ivschat.list_rooms()["rooms"]] == [room]


def test_three_a_room(unchecked: IvschatClient) -> None:
    arns = [
        unchecked.create_logging_configuration(destinationConfiguration=DESTINATIONS[0])["arn"]
        for _ in range(4)
    ]
    with pytest.raises(ClientError) as error:
        unchecked.create_room(loggingConfigurationIdentifiers=arns)
    assert failure(error.value) == ("ValidationException", 400)


def test_list_in_pages(ivschat: IvschatClient) -> None:
    arns = [
        ivschat.create_logging_configuration(destinationConfiguration=DESTINATIONS[0])["arn"]
        for _ in range(5)
    ][::-1]
    seen: list[str] = []
    token = ""
    for size in (2, 2, 1):
        page: Any = ivschat.list_logging_configurations(maxResults=2, nextToken=token)
        assert len(page["loggingConfigurations"]) == size
        seen += [entry["arn"] for entry in page["loggingConfigurations"]]
        token = page.get("nextToken", "")
    assert token == ""
    assert seen == arns
