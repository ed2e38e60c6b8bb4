"""What each operation demands of IAM (spec 11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hubbub.ivschat.demands import NEEDS, demands
from hubbub.wire import Call, Credentials, Demand, load_model

OWN = "arn:aws:ivschat:us-east-1:111122223333:"
ROOM, ROOMS = OWN + "room/AAAAbbbbCCCC", OWN + "room/*"
LOGGING, LOGGINGS = OWN + "logging-configuration/AAAAbbbbCCCC", OWN + "logging-configuration/*"
KEY = Credentials("AKIA", "s", "111122223333", "arn:aws:iam::111122223333:user/AKIA")
TAGS = {"team": "red", "Cost": "1"}
REQUEST_TAGS = {
    "aws:RequestTag/team": "red",
    "aws:RequestTag/Cost": "1",
    "aws:TagKeys": ("team", "Cost"),
}


def call(operation: str) -> Call:
    return Call("ivschat", operation, KEY, "us-east-1", "id", "192.0.2.1", {})


async def no_tags(arn: str) -> Mapping[str, str]:
    raise AssertionError


@pytest.mark.parametrize(
    ("operation", "params", "resource", "conditions", "tagging"),
    [
        ("CreateChatToken", {"roomIdentifier": ROOM, "userId": "kim"}, ROOM, {}, False),
        ("CreateLoggingConfiguration", {}, LOGGINGS, {}, False),
        ("CreateLoggingConfiguration", {"tags": TAGS}, LOGGINGS, REQUEST_TAGS, True),
        ("CreateRoom", {"name": "x"}, ROOMS, {}, False),
        ("CreateRoom", {"tags": {}}, ROOMS, {}, False),
        ("CreateRoom", {"tags": TAGS}, ROOMS, REQUEST_TAGS, True),
        ("DeleteLoggingConfiguration", {"identifier": LOGGING}, LOGGING, {}, False),
        ("DeleteMessage", {"roomIdentifier": ROOM, "id": "x"}, ROOM, {}, False),
        ("DeleteRoom", {"identifier": ROOM}, ROOM, {}, False),
        ("DisconnectUser", {"roomIdentifier": ROOM, "userId": "x"}, ROOM, {}, False),
        ("GetLoggingConfiguration", {"identifier": LOGGING}, LOGGING, {}, False),
        ("GetRoom", {"identifier": ROOM}, ROOM, {}, False),
        ("ListLoggingConfigurations", {}, LOGGINGS, {}, False),
        ("ListRooms", {"name": "x"}, ROOMS, {}, False),
        ("ListTagsForResource", {"resourceArn": LOGGING}, LOGGING, {}, False),
        ("SendEvent", {"roomIdentifier": ROOM, "eventName": "x"}, ROOM, {}, False),
        ("TagResource", {"resourceArn": ROOM, "tags": TAGS}, ROOM, REQUEST_TAGS, False),
        ("TagResource", {"resourceArn": LOGGING, "tags": {}}, LOGGING, {}, False),
        (
            "UntagResource",
            {"resourceArn": ROOM, "tagKeys": ["a", "b"]},
            ROOM,
            {"aws:TagKeys": ("a", "b")},
            False,
        ),
        ("UpdateLoggingConfiguration", {"identifier": LOGGING}, LOGGING, {}, False),
        ("UpdateRoom", {"identifier": ROOM}, ROOM, {}, False),
    ],
)
def test_demands(
    operation: str,
    params: dict[str, Any],
    resource: str,
    conditions: Mapping[str, Any],
    tagging: bool,
) -> None:
    actions = [f"ivschat:{operation}"] + ["ivschat:TagResource"] * tagging
    demanded = demands(no_tags)(call(operation), params)
    assert [(each.action, each.resource, each.conditions) for each in demanded] == [
        (action, resource, conditions) for action in actions
    ]


def test_every_operation_has_a_row_and_the_members_exist() -> None:
    model = load_model("ivschat")
    assert NEEDS.keys() == model.operations.keys()
    for name, needs in NEEDS.items():
        shape = model.operations[name].input_shape
        assert shape is not None
        assert not needs.member or needs.member in shape.required
        assert bool(needs.member) != bool(needs.kind)


async def test_tags_are_read_of_own_resources_only() -> None:
    asked = []

    async def read(arn: str) -> Mapping[str, str]:
        asked.append(arn)
        return {"team": "red"}

    async def tags(arn: str) -> Mapping[str, str]:
        (demand,) = demands(read)(call("GetRoom"), {"identifier": arn})
        assert isinstance(demand, Demand)
        assert demand.resource_tags is not None
        return await demand.resource_tags()

    assert await tags(ROOM) == {"team": "red"}
    assert await tags(ROOM.replace("111122223333", "444455556666")) == {}
    assert await tags(ROOM.replace("us-east-1", "eu-west-1")) == {}
    assert asked == [ROOM]
