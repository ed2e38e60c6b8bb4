"""SendEvent, DeleteMessage and DisconnectUser with boto3 (spec 4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.test_rooms import UNKNOWN, failure, fields
from tests.clients.world import World

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient

ID = re.compile("[a-zA-Z0-9]{12}")


@pytest.fixture
def room(world: World) -> str:
    return world.room()


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({}, "eventName"),
        ({"eventName": ""}, "eventName"),
        ({"eventName": "x" * 101}, "eventName"),
        ({"eventName": "aws:DELETE_MESSAGE"}, "eventName"),
        ({"eventName": "AWS:x"}, "eventName"),
        ({"eventName": "x", "attributes": {"k": "v" * 4096}}, "attributes"),
        ({"eventName": "x", "attributes": {"k": "é" * 2048}}, "attributes"),
        ({"eventName": "x", "roomIdentifier": UNKNOWN}, "roomIdentifier"),
        ({"eventName": "x", "roomIdentifier": None}, "roomIdentifier"),
    ],
)
def test_bad_events(
    unchecked: IvschatClient, room: str, members: dict[str, Any], field: str
) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.send_event(**({"roomIdentifier": room} | members))
    assert fields(error.value) == [field]


@pytest.mark.parametrize(
    "attributes", [{}, {"k": "v" * 4095}, {"": ""}, {"ключ": "🦀" * 1000}, {"aws:x": "y"}]
)
async def test_good_events(world: World, room: str, attributes: dict[str, str]) -> None:
    async with world.chatter(room, "kim", ()) as kim:
        answer = world.ivschat.send_event(
            roomIdentifier=room, eventName="x" * 100, attributes=attributes
        )
        frame = await kim.receive()
        assert frame["Id"] == answer["id"]
        assert (frame["Attributes"] or {}) == attributes


def test_nobody_needs_to_be_there(ivschat: IvschatClient, room: str) -> None:
    event = ivschat.send_event(roomIdentifier=room, eventName="x")["id"]
    deletion = ivschat.delete_message(roomIdentifier=room, id=event, reason="r" * 256)["id"]
    assert ID.fullmatch(event)
    assert ID.fullmatch(deletion)
    assert event != deletion
    answer: Any = ivschat.disconnect_user(roomIdentifier=room, userId="nobody", reason="r" * 256)
    assert set(answer) == {"ResponseMetadata"}


@pytest.mark.parametrize(
    ("operation", "members", "field"),
    [
        ("delete_message", {}, "id"),
        ("delete_message", {"id": "abcdefghijk"}, "id"),
        ("delete_message", {"id": "abcdefghijklm"}, "id"),
        ("delete_message", {"id": "abcdefghijk-"}, "id"),
        ("delete_message", {"id": UNKNOWN, "reason": ""}, "reason"),
        ("delete_message", {"id": UNKNOWN, "reason": "r" * 257}, "reason"),
        ("disconnect_user", {}, "userId"),
        ("disconnect_user", {"userId": ""}, "userId"),
        ("disconnect_user", {"userId": "x" * 129}, "userId"),
        ("disconnect_user", {"userId": "x", "reason": ""}, "reason"),
        ("disconnect_user", {"userId": "x", "reason": "r" * 257}, "reason"),
    ],
)
async def test_bad_members_reach_nobody(
    world: World, unchecked: IvschatClient, operation: str, members: dict[str, Any], field: str
) -> None:
    room = world.room()
    async with world.chatter(room, "x") as member:
        with pytest.raises(ClientError) as error:
            getattr(unchecked, operation)(roomIdentifier=room, **members)
        assert fields(error.value) == [field]
        await member.nothing(0.05)


def test_unknown_rooms(ivschat: IvschatClient, world: World) -> None:
    arn = world.arn("room", UNKNOWN)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("send_event", {"eventName": "x"}),
        ("delete_message", {"id": UNKNOWN}),
        ("disconnect_user", {"userId": "x"}),
    ]
    for name, members in calls:
        with pytest.raises(ClientError) as error:
            getattr(ivschat, name)(roomIdentifier=arn, **members)
        response: Any = error.value.response
        assert failure(error.value) == ("ResourceNotFoundException", 404)
        assert response["resourceId"] == UNKNOWN


async def test_odd_user_ids_are_disconnected_exactly(world: World, room: str) -> None:
    odd = ["a:b", "a", ":", "🦀", " kim ", "kim", "KIM", "a\nb", "null", "*", "x" * 128]
    for user in odd:
        async with world.chatter(room, user) as member, world.chatter(room, "other") as other:
            world.ivschat.disconnect_user(roomIdentifier=room, userId=user)
            [event], code = await member.closing()
            assert (event["Attributes"]["UserId"], code) == (user, 1000)
            assert (await other.receive())["Attributes"]["UserId"] == user
            await other.nothing(0.02)


def test_repeated_capabilities_and_all_of_them(ivschat: IvschatClient, room: str) -> None:
    token = ivschat.create_chat_token(
        roomIdentifier=room,
        userId="kim",
        capabilities=["SEND_MESSAGE", "SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"],
    )
    assert token["token"]
