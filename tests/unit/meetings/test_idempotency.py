"""ClientRequestToken (chime-meetings A.5), also of calls that are under way together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hubbub.settings import Limits
from hubbub.store.tables import client_request_tokens, meeting_attendees, meetings
from tests.unit.meetings.conftest import MakeDesk
from tests.unit.meetings.desk import MEETING, Desk

TOKEN: dict[str, Any] = {"ClientRequestToken": "the-same"}
TAGS = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]


def test_the_same_request_gets_the_same_meeting(desk: Desk) -> None:
    first = desk.make_whole_meeting(**TOKEN)
    assert desk.make_whole_meeting(**TOKEN) == first
    assert desk.last and desk.last.status == 201
    assert desk.count(meetings) == 1
    assert len(desk.told("created")) == 1
    assert len(desk.events("MeetingStarted")) == 1


def test_tags_are_compared_as_a_map(desk: Desk) -> None:
    first = desk.make_meeting(Tags=TAGS, **TOKEN)
    assert desk.make_meeting(Tags=TAGS[::-1], **TOKEN) == first
    with desk.refused("ConflictException"):
        desk.make_meeting(Tags=TAGS[:1], **TOKEN)


def test_other_input_is_a_conflict(desk: Desk) -> None:
    desk.make_meeting(**TOKEN)
    other: list[dict[str, Any]] = [
        {"ExternalMeetingId": "other"},
        {"MediaRegion": "us-east-1"},
        {"MeetingHostId": "host"},
        {"MeetingFeatures": {"Attendee": {"MaxCount": 3}}},
    ]
    for change in other:
        with desk.refused("ConflictException"):
            desk.make_meeting(**TOKEN, **change)
    assert desk.count(meetings) == 1


def test_a_token_belongs_to_its_account_and_region(desk: Desk) -> None:
    first = desk.make_meeting(**TOKEN)
    elsewhere = desk.client_of(region="eu-west-1")
    assert desk.make_whole_meeting(elsewhere, **TOKEN)["MeetingId"] != first


def test_once_the_meeting_has_ended_the_token_makes_a_new_one(desk: Desk) -> None:
    first = desk.make_meeting(**TOKEN)
    desk.client.delete_meeting(MeetingId=first)
    second = desk.make_meeting(**TOKEN)
    assert second != first
    assert desk.make_meeting(**TOKEN) == second
    desk.client.delete_meeting(MeetingId=second)
    assert desk.make_meeting(ExternalMeetingId="other", **TOKEN) not in (first, second)
    assert desk.count(client_request_tokens) == 1


def test_after_a_refusal_the_token_is_free(desk: Desk) -> None:
    primary = desk.make_meeting()
    desk.client.delete_meeting(MeetingId=primary)
    with desk.refused("NotFoundException"):
        desk.make_meeting(PrimaryMeetingId=primary, **TOKEN)
    assert desk.make_meeting(**TOKEN)


def test_a_list_comes_back_as_it_was(desk: Desk) -> None:
    given: Any = {
        **TOKEN,
        **MEETING,
        "MeetingFeatures": {"Attendee": {"MaxCount": 2}},
        "Attendees": [
            {"ExternalUserId": "ann"},
            {"ExternalUserId": "aws:no"},
            {"ExternalUserId": "bob"},
            {"ExternalUserId": "ann"},
            {"ExternalUserId": "carl"},
        ],
    }
    first = desk.client.create_meeting_with_attendees(**given)
    again = desk.client.create_meeting_with_attendees(**given)
    del first["ResponseMetadata"], again["ResponseMetadata"]
    assert again == first
    assert [each["ErrorCode"] for each in first["Errors"]] == ["BadRequest", "LimitExceeded"]
    assert desk.count(meeting_attendees) == 2
    meeting_id, ann = first["Meeting"]["MeetingId"], first["Attendees"][0]["AttendeeId"]
    desk.client.delete_attendee(MeetingId=meeting_id, AttendeeId=ann)
    later = desk.client.create_meeting_with_attendees(**given)
    assert [each["ExternalUserId"] for each in later["Attendees"]] == ["bob"]
    assert later["Errors"] == first["Errors"]


def test_the_two_operations_share_tokens(desk: Desk) -> None:
    desk.make_meeting(**TOKEN)
    with desk.refused("ConflictException"):
        desk.client.create_meeting_with_attendees(
            Attendees=[{"ExternalUserId": "ann"}], **TOKEN, **MEETING
        )


def test_eight_at_once_make_one_meeting(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(meetings=1))
    given = TOKEN | MEETING | {"Attendees": [{"ExternalUserId": "ann"}]}
    clients = [desk.client_of() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda client: client.create_meeting_with_attendees(**given), clients)
        )
    assert len({answer["Meeting"]["MeetingId"] for answer in answers}) == 1
    assert len({answer["Attendees"][0]["JoinToken"] for answer in answers}) == 1
    assert desk.count(meetings) == 1
    assert len(desk.told("created")) == 1


def test_a_replay_counts_for_no_quota(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(meetings=1))
    first = desk.make_meeting(**TOKEN)
    assert desk.make_meeting(**TOKEN) == first
    with desk.refused("LimitExceededException"):
        desk.make_meeting()
