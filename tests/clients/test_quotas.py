"""Quotas that a setting has made small enough to reach (spec 9)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.raw_socket import refused
from tests.clients.test_rooms import failure
from tests.clients.world import DELETE, DISCONNECT, World
from tests.server import Server, running_server

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient

LIMITS = {
    "HUBBUB_LIMITS_API_CALL_RATES": "true",
    "HUBBUB_LIMITS_CONCURRENT_CONNECTIONS": "2",
    "HUBBUB_LIMITS_ROOMS": "3",
    "HUBBUB_LIMITS_LOGGING_CONFIGURATIONS": "1",
    "HUBBUB_LIMITS_DELETES_PER_SECOND": "3",
    "HUBBUB_LIMITS_DISCONNECTS_PER_SECOND": "3",
    "HUBBUB_LIMITS_MESSAGES_PER_SECOND": "4",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("small"), environment=LIMITS) as server:
        yield server


@pytest.fixture
def world(small: Server, region: str) -> Iterator[World]:
    with World(small, region) as world:
        yield world


def throttled(error: ClientError) -> None:
    response: Any = error.response
    assert failure(error) == ("ThrottlingException", 429)
    assert isinstance(response["limit"], int)
    assert response["resourceType"] == "ROOM"
    assert response["resourceId"]
    assert response["message"]


def test_rooms(world: World) -> None:
    rooms = [world.room() for _ in range(3)]
    with pytest.raises(ClientError) as error:
        world.room()
    response: Any = error.value.response
    assert failure(error.value) == ("ServiceQuotaExceededException", 402)
    assert (response["limit"], response["resourceType"]) == (3, "ROOM")
    assert response["resourceId"].isalnum()
    world.ivschat.delete_room(identifier=rooms[0])
    assert world.room()
    with World(world.server, f"{world.region}-b") as other:  # quotas are regional
        assert other.room()


def test_logging_configurations(world: World) -> None:
    given: Any = {"destinationConfiguration": {"s3": {"bucketName": "bucket"}}}
    world.ivschat.create_logging_configuration(**given)
    with pytest.raises(ClientError) as error:
        world.ivschat.create_logging_configuration(**given)
    response: Any = error.value.response
    assert failure(error.value) == ("ServiceQuotaExceededException", 402)
    assert response["limit"] == 1


async def test_connections(world: World) -> None:
    room = world.room()
    token = world.token(room, "third")["token"]
    async with world.chatter(room, "first"):
        async with world.chatter(room, "second"):
            assert await refused(world.server.websocket, token) == 429
        # A refused handshake spends nothing, and who leaves makes room.
        await asyncio.sleep(0.1)
        async with world.chatter(room, "third"):
            pass


@pytest.mark.parametrize("operation", ["GetRoom", "ListTagsForResource", "SendEvent"])
def test_rates_of_the_api(world: World, operation: str) -> None:
    """Five, ten and a hundred calls a second."""
    room = world.room()
    calls: dict[str, Any] = {
        "GetRoom": (5, lambda: world.ivschat.get_room(identifier=room)),
        "ListTagsForResource": (10, lambda: world.ivschat.list_tags_for_resource(resourceArn=room)),
        "SendEvent": (
            100,
            lambda: world.ivschat.send_event(roomIdentifier=room, eventName="x"),
        ),
    }
    rate, call = calls[operation]
    done, began = 0, time.monotonic()
    with pytest.raises(ClientError) as error:
        while done <= 3 * rate:
            call()
            done += 1
    throttled(error.value)
    assert done >= rate
    assert done <= rate * (1 + time.monotonic() - began) + 1
    time.sleep(1.1)
    call()


def deletes(ivschat: IvschatClient, room: str) -> None:
    ivschat.delete_message(roomIdentifier=room, id="abcdefghijkl")


def disconnects(ivschat: IvschatClient, room: str) -> None:
    ivschat.disconnect_user(roomIdentifier=room, userId="nobody")


@pytest.mark.parametrize("by_api", [deletes, disconnects])
async def test_api_and_socket_share_a_rate(world: World, by_api: Any) -> None:
    """Of all rooms of the account and region together."""
    here, there = world.room(), world.room()
    frame = (
        {"Action": DELETE, "Id": "abcdefghijkl"}
        if by_api is deletes
        else {"Action": DISCONNECT, "UserId": "nobody"}
    )
    async with world.chatter(here, "mod") as mod:
        assert (await mod.ask(frame))["Type"] == "EVENT"
        by_api(world.ivschat, there)
        assert (await mod.ask(frame))["Type"] == "EVENT"
        with pytest.raises(ClientError) as error:
            by_api(world.ivschat, there)
        throttled(error.value)
        assert (await mod.ask(frame))["ErrorCode"] == 429


async def test_messages_of_all_rooms(world: World) -> None:
    rooms = [world.room(maximumMessageRatePerSecond=100) for _ in range(2)]
    async with world.chatter(rooms[0], "a") as a, world.chatter(rooms[1], "b") as b:
        kinds = []
        for chatter in (a, b, a, b, a, b):
            await chatter.say("hi")
            kinds.append((await chatter.receive())["Type"])
        assert kinds == ["MESSAGE"] * 4 + ["ERROR"] * 2
