"""Attendees: create, list, get, delete, and their tokens (chime-meetings A.6)."""

from __future__ import annotations

import re
from typing import Any

from hubbub.meetings.stage import Ended
from hubbub.settings import Limits
from hubbub.store.tables import meeting_attendees
from tests.unit.meetings.conftest import MakeDesk
from tests.unit.meetings.desk import FULL, NO_CONTENT, NO_VIDEO, SOMEBODY, Desk, capabilities


def test_an_attendee(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    made = desk.make_attendee(meeting_id, "Ann Über")
    assert desk.last and desk.last.status == 201
    assert made.keys() == {"ExternalUserId", "AttendeeId", "JoinToken", "Capabilities"}
    assert made["ExternalUserId"] == "Ann Über"
    assert made["Capabilities"] == FULL
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,2048}", made["JoinToken"])
    found = desk.client.get_attendee(MeetingId=meeting_id, AttendeeId=made["AttendeeId"].upper())
    assert found["Attendee"] == made


def test_an_external_id_has_one_attendee(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    first = desk.make_attendee(meeting_id, "ann", Capabilities=capabilities("Send", "Send", "Send"))
    again = desk.make_attendee(meeting_id, "ann", Capabilities=capabilities("None", "None", "None"))
    assert desk.last and desk.last.status == 201
    assert again == first
    assert desk.make_attendee(meeting_id, "Ann")["AttendeeId"] != first["AttendeeId"]
    assert desk.make_attendee(desk.make_meeting(), "ann")["AttendeeId"] != first["AttendeeId"]
    assert len(desk.events("AttendeeAdded")) == 3


def test_capabilities_without_a_request(desk: Desk) -> None:
    neither: Any = NO_VIDEO | NO_CONTENT
    defaults = [
        (None, FULL),
        (NO_VIDEO, capabilities("SendReceive", "Receive", "SendReceive")),
        (NO_CONTENT, capabilities("SendReceive", "SendReceive", "None")),
        (neither, capabilities("SendReceive", "None", "None")),
    ]
    for features, expected in defaults:
        more = {"MeetingFeatures": features} if features else {}
        assert desk.make_attendee(desk.make_meeting(**more))["Capabilities"] == expected


def test_lists_are_in_the_order_of_creation(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    names = [f"user-{number:02}" for number in range(7, 0, -1)]
    made = [desk.make_attendee(meeting_id, name) for name in names]
    assert desk.client.list_attendees(MeetingId=meeting_id)["Attendees"] == made
    pages: list[list[Any]] = []
    more: dict[str, Any] = {}
    while True:
        page = desk.client.list_attendees(MeetingId=meeting_id, MaxResults=3, **more)
        pages.append(page["Attendees"])
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
        if len(pages) == 1:  # who comes or goes does not move the others
            desk.client.delete_attendee(
                MeetingId=meeting_id, AttendeeId=page["Attendees"][0]["AttendeeId"]
            )
            desk.make_attendee(meeting_id, "late")
    assert [len(page) for page in pages] == [3, 3, 2]
    assert [each["ExternalUserId"] for page in pages for each in page] == [*names, "late"]


def test_a_list_may_be_empty(desk: Desk) -> None:
    answer = desk.ask_raw("GET", f"/meetings/{desk.make_meeting()}/attendees")
    assert answer.json == {"Attendees": []}


def test_a_page_has_fifty_by_default(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    for start in (0, 30):
        desk.client.batch_create_attendee(
            MeetingId=meeting_id,
            Attendees=[{"ExternalUserId": f"u{number}"} for number in range(start, start + 30)],
        )
    page = desk.client.list_attendees(MeetingId=meeting_id)
    assert len(page["Attendees"]) == 50
    assert page["NextToken"]
    assert len(desk.client.list_attendees(MeetingId=meeting_id, MaxResults=100)["Attendees"]) == 60


def test_page_tokens_are_of_one_list(desk: Desk) -> None:
    first, second = desk.make_meeting(), desk.make_meeting()
    for name in ("ann", "bob"):
        desk.make_attendee(first, name)
    token = desk.client.list_attendees(MeetingId=first, MaxResults=1)["NextToken"]
    rest = desk.client.list_attendees(MeetingId=first.upper(), NextToken=token)
    assert [each["ExternalUserId"] for each in rest["Attendees"]] == ["bob"]
    for meeting_id, wrong in ((second, token), (first, "nonsense"), (first, "x" * 4097)):
        with desk.refused("BadRequestException", "NextToken"):
            desk.client.list_attendees(MeetingId=meeting_id, NextToken=wrong)
    for size in (0, 101):
        answer = desk.ask_raw("GET", f"/meetings/{first}/attendees?max-results={size}")
        assert (answer.status, answer.error_type) == (400, "BadRequestException")


def test_delete(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    made = desk.make_attendee(meeting_id)
    desk.client.delete_attendee(MeetingId=meeting_id, AttendeeId=made["AttendeeId"].upper())
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    assert desk.told("deleted") == [(meeting_id, made["AttendeeId"])]
    (event,) = desk.events("AttendeeDeleted")
    assert (event["attendeeId"], event["externalUserId"]) == (made["AttendeeId"], "ann")
    assert desk.admit(made["JoinToken"]) is None
    for call in (desk.client.get_attendee, desk.client.delete_attendee):
        with desk.refused("NotFoundException", "Attendee"):
            call(MeetingId=meeting_id, AttendeeId=made["AttendeeId"])
    again = desk.make_attendee(meeting_id)
    assert again["AttendeeId"] != made["AttendeeId"]
    assert again["JoinToken"] != made["JoinToken"]
    assert desk.count(meeting_attendees) == 1


def test_what_is_not_there(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    calls: list[Any] = [desk.client.get_attendee, desk.client.delete_attendee]
    for call in calls:
        with desk.refused("NotFoundException", "Attendee"):
            call(MeetingId=meeting_id, AttendeeId=SOMEBODY)
        with desk.refused("NotFoundException", "Meeting"):
            call(MeetingId=SOMEBODY, AttendeeId=SOMEBODY)
    with desk.refused("NotFoundException"):
        desk.client.list_attendees(MeetingId=SOMEBODY)


def test_a_meeting_takes_as_many_as_it_is_for(desk: Desk) -> None:
    meeting_id = desk.make_meeting(MeetingFeatures={"Attendee": {"MaxCount": 2}})
    ann = desk.make_attendee(meeting_id, "ann")
    desk.make_attendee(meeting_id, "bob")
    with desk.refused("LimitExceededException"):
        desk.make_attendee(meeting_id, "carl")
    assert desk.make_attendee(meeting_id, "ann") == ann  # who is there needs no place
    desk.client.delete_attendee(MeetingId=meeting_id, AttendeeId=ann["AttendeeId"])
    assert desk.make_attendee(meeting_id, "carl")
    with desk.refused("LimitExceededException"):
        desk.make_attendee(meeting_id, "ann")


def test_the_setting_bounds_what_meetings_are_for(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(attendees_per_meeting=1))
    meeting_id = desk.make_meeting(MeetingFeatures={"Attendee": {"MaxCount": 2}})
    desk.make_attendee(meeting_id, "ann")
    with desk.refused("LimitExceededException"):
        desk.make_attendee(meeting_id, "bob")


def test_a_token_lives_as_long_as_its_meeting(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    token = desk.make_attendee(meeting_id)["JoinToken"]
    assert desk.admit(token)
    desk.client.delete_meeting(MeetingId=meeting_id)
    assert desk.admit(token) == Ended(meeting_id)


def test_tokens_survive_a_restart(make_desk: MakeDesk) -> None:
    desk = make_desk()
    meeting_id = desk.make_meeting()
    made = desk.make_attendee(meeting_id)
    later = make_desk()
    found = later.client.get_attendee(MeetingId=meeting_id, AttendeeId=made["AttendeeId"])
    assert found["Attendee"] == made
    assert later.admit(made["JoinToken"]) == desk.admit(made["JoinToken"])
