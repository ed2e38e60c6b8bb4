"""What the server checks itself, since clients do not (chime-meetings A.4)."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.meetings.rules import MEDIA_REGIONS
from hubbub.store.tables import meetings
from tests.unit.meetings.desk import MEETING, SOMEBODY, Desk

BAD_IDS = [
    "a",
    "a" * 65,
    "aws:meeting",
    "AWS:meeting",
    "Aws:",
    "semi;colon",
    "per%cent",
    "dollar$",
    "tilde~",
    "emoji 😀",
    "back\\slash",
    "nul\0",
    "ÿĀ",
]
GOOD_IDS = ["ab", "a" * 64, "-_&@+=,(){}[]/«».:|'\"#", "À-ÿ \t\n", "my aws:id"]


def create(desk: Desk, **changes: Any) -> int:
    given = {"ClientRequestToken": desk.token()} | MEETING | changes
    return desk.ask_raw("POST", "/meetings", given).status


def bad(desk: Desk, member: str, **changes: Any) -> None:
    assert create(desk, **changes) == 400
    assert desk.last and desk.last.error_type == "BadRequestException"
    assert member in desk.last.json["Message"]


@pytest.mark.parametrize("text", BAD_IDS)
def test_bad_ids(desk: Desk, text: str) -> None:
    bad(desk, "ExternalMeetingId", ExternalMeetingId=text)
    bad(desk, "MeetingHostId", MeetingHostId=text)
    meeting_id = desk.make_meeting()
    answer = desk.ask_raw("POST", f"/meetings/{meeting_id}/attendees", {"ExternalUserId": text})
    assert answer.status == 400
    assert "ExternalUserId" in answer.json["Message"]


@pytest.mark.parametrize("text", GOOD_IDS)
def test_good_ids(desk: Desk, text: str) -> None:
    made = desk.make_whole_meeting(ExternalMeetingId=text, MeetingHostId=text)
    assert (made["ExternalMeetingId"], made["MeetingHostId"]) == (text, text)
    assert desk.make_attendee(made["MeetingId"], text)["ExternalUserId"] == text


def test_media_regions(desk: Desk) -> None:
    assert len(MEDIA_REGIONS) == 20
    for region in MEDIA_REGIONS:
        assert create(desk, MediaRegion=region) == 201
    for region in ("eu-central-2", "us-east-1 ", "US-EAST-1", "xx", "a" * 65):
        bad(desk, "MediaRegion", MediaRegion=region)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("ClientRequestToken", "a"),
        ("ClientRequestToken", "a" * 65),
        ("ClientRequestToken", "with space"),
        ("ClientRequestToken", "tokén"),
        ("TenantIds", []),
        ("TenantIds", ["a"]),
        ("TenantIds", ["aaaa-tenant"]),
        ("TenantIds", ["ten ant"]),
        ("TenantIds", ["a" * 3 + "b"] * 6),
        ("TenantIds", ["ab" * 129]),
        ("MediaPlacementNetworkType", "Ipv6Only"),
        ("PrimaryMeetingId", "x"),
        ("PrimaryMeetingId", "x" * 65),
        ("NotificationsConfiguration", {"LambdaFunctionArn": "function:f"}),
        ("NotificationsConfiguration", {"SnsTopicArn": "arn:aws:sns:x y"}),
        ("NotificationsConfiguration", {"SqsQueueArn": ""}),
        ("Tags", [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]),
        ("Tags", [{"Key": "aws:x", "Value": "1"}]),
        ("Tags", [{"Key": "a b", "Value": "1"}]),
        ("Tags", [{"Key": "a", "Value": "!"}]),
        ("Tags", [{"Key": "a"}]),
        ("Tags", [{"Key": f"k{n}", "Value": ""} for n in range(51)]),
        ("MeetingFeatures", {"Attendee": {"MaxCount": 0}}),
    ],
)
def test_bad_members(desk: Desk, member: str, value: Any) -> None:
    bad(desk, member, **{member: value})
    assert desk.count(meetings) == 0


@pytest.mark.parametrize("member", ["ClientRequestToken", "MediaRegion", "ExternalMeetingId"])
def test_required_members(desk: Desk, member: str) -> None:
    bad(desk, member, **{member: None})


@pytest.mark.parametrize(
    "meeting_id",
    ["x", "11111111-2222-4333-8444-55555555555", f"{SOMEBODY}a", f"{SOMEBODY}%23content"],
)
def test_ids_in_paths_are_guids(desk: Desk, meeting_id: str) -> None:
    known = desk.make_meeting()
    update = {"Capabilities": {"Audio": "Send", "Video": "Send", "Content": "Send"}}
    for method, target, body in (
        ("GET", f"/meetings/{meeting_id}", None),
        ("DELETE", f"/meetings/{meeting_id}", None),
        ("GET", f"/meetings/{meeting_id}/attendees", None),
        ("GET", f"/meetings/{known}/attendees/{meeting_id}", None),
        ("DELETE", f"/meetings/{known}/attendees/{meeting_id}", None),
        ("PUT", f"/meetings/{known}/attendees/{meeting_id}/capabilities", update),
    ):
        answer = desk.ask_raw(method, target, body)
        assert (answer.status, answer.error_type) == (400, "BadRequestException"), target


def test_many_features_and_tags_are_fine(desk: Desk) -> None:
    tags: Any = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    desk.make_meeting(Tags=tags, TenantIds=["aaa-tenant", "!@#$", "t2", "t3", "t4"])


def test_a_path_that_is_nothing(desk: Desk) -> None:
    assert desk.ask_raw("GET", f"/meetings/{SOMEBODY}/nothing").status == 404
    assert desk.ask_raw("PUT", "/meetings").status == 405
