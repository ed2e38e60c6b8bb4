"""What each call needs to be allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hubbub.wire import FrontDoor, SignatureAuthenticator
from hubbub.wire.service import Call, Demand
from tests.unit.desk import OURS, REGION
from tests.unit.meetings.desk import SOMEBODY, Desk
from tests.wire.in_process import Keys

ALL = f"arn:aws:chime:{REGION}:{OURS.account_id}:meeting/*"
ONE = f"arn:aws:chime:{REGION}:{OURS.account_id}:meeting/{SOMEBODY}"
TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "x", "Value": "1"}]
TO_MAKE_ONE = ("CreateMeeting", "CreateMeetingWithAttendees")
OF_TAGS = ("TagResource", "UntagResource", "ListTagsForResource")


def demand(desk: Desk, operation: str, params: dict[str, Any]) -> Demand:
    call = Call("chime-sdk-meetings", operation, OURS, REGION, "request", "127.0.0.1", {})
    demands = desk.meetings.service.demands
    assert demands is not None
    (only,) = demands(call, params)
    return only


def test_all_operations_are_implemented(desk: Desk) -> None:
    service = desk.meetings.service
    assert service.handlers.keys() == service.model.operations.keys()
    assert len(service.handlers) == 16


def test_actions_and_resources(desk: Desk) -> None:
    for operation in desk.meetings.service.handlers:
        if operation in TO_MAKE_ONE:
            params, resource = {"ClientRequestToken": "token"}, ALL
        elif operation in OF_TAGS:
            params, resource = {"ResourceARN": ONE}, ONE
        else:
            params, resource = {"MeetingId": SOMEBODY.upper()}, ONE
        made = demand(desk, operation, params)
        assert (made.action, made.resource) == (f"chime:{operation}", resource)
        assert made.conditions == {}


class NoPermissions:
    async def allow(self, call: Call, demand: Demand) -> bool:
        return False


def test_who_may_not_is_told_so(desk: Desk) -> None:
    limited = replace(OURS, access_key_id="AKIALIMITED", permissions=NoPermissions())
    desk.door = FrontDoor([desk.meetings.service], SignatureAuthenticator(Keys(limited)))
    with desk.refused("ForbiddenException", "not authorized"):
        desk.client_of(limited).get_meeting(MeetingId=SOMEBODY)


def test_tags_of_the_request_are_conditions(desk: Desk) -> None:
    tagged: tuple[tuple[str, dict[str, Any]], ...] = (
        ("CreateMeeting", {}),
        ("TagResource", {"ResourceARN": ONE}),
    )
    for operation, params in tagged:
        assert demand(desk, operation, {**params, "Tags": TAGS}).conditions == {
            "aws:RequestTag/team": "blue",
            "aws:RequestTag/x": "1",
            "aws:TagKeys": ("team", "x"),
        }
    untag = demand(desk, "UntagResource", {"ResourceARN": ONE, "TagKeys": ["team"]})
    assert untag.conditions == {"aws:TagKeys": ("team",)}


def test_tags_of_the_resource_can_be_read(desk: Desk) -> None:
    tags: Any = TAGS
    made = desk.make_whole_meeting(Tags=tags)
    cases: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"MeetingId": made["MeetingId"]}, {"team": "blue", "x": "1"}),
        ({"ResourceARN": made["MeetingArn"]}, {"team": "blue", "x": "1"}),
        ({"MeetingId": SOMEBODY}, {}),
        ({}, {}),
    ]
    for params, expected in cases:
        asked = demand(desk, "GetMeeting", params)

        async def read(asked: Demand = asked) -> dict[str, str]:
            assert asked.resource_tags is not None
            return dict(await asked.resource_tags())

        assert desk.run(read()) == expected
