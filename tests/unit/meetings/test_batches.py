"""BatchCreateAttendee, CreateMeetingWithAttendees: some of a list may fail (chime-meetings A.6)."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubbub.settings import Limits
from hubbub.store.tables import meeting_attendees, meetings
from tests.unit.meetings.conftest import MakeDesk
from tests.unit.meetings.desk import MEETING, NO_CONTENT, NO_VIDEO, SOMEBODY, Desk, capabilities


def people(*names: str) -> Any:
    return [{"ExternalUserId": name} for name in names]


def names(attendees: Any) -> list[str]:
    return [each["ExternalUserId"] for each in attendees]


def test_a_batch(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    given: Any = [
        {"ExternalUserId": "ann"},
        {"ExternalUserId": "bob", "Capabilities": capabilities("Receive", "None", "None")},
    ]
    answer = desk.client.batch_create_attendee(MeetingId=meeting_id, Attendees=given)
    assert desk.last and desk.last.status == 201
    assert desk.last.json["Errors"] == []
    assert names(answer["Attendees"]) == ["ann", "bob"]
    assert answer["Attendees"][1]["Capabilities"] == capabilities("Receive", "None", "None")
    assert desk.client.list_attendees(MeetingId=meeting_id)["Attendees"] == answer["Attendees"]
    assert len(desk.events("AttendeeAdded")) == 2


def test_who_is_there_comes_back(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    ann = desk.make_attendee(meeting_id, "ann")
    answer = desk.client.batch_create_attendee(
        MeetingId=meeting_id, Attendees=people("bob", "ann", "bob")
    )
    assert names(answer["Attendees"]) == ["bob", "ann", "bob"]
    assert answer["Attendees"][1] == ann
    assert answer["Attendees"][0] == answer["Attendees"][2]
    assert desk.count(meeting_attendees) == 2


def test_bad_ids_fail_alone(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    target = f"/meetings/{meeting_id}/attendees?operation=batch-create"
    bad = ["aws:ann", "x", "y" * 65, "semi;colon", "nul\0"]
    answer = desk.ask_raw("POST", target, {"Attendees": people(*bad, "ann")})
    assert answer.status == 201
    assert names(answer.json["Attendees"]) == ["ann"]
    assert names(answer.json["Errors"]) == bad
    assert {each["ErrorCode"] for each in answer.json["Errors"]} == {"BadRequest"}
    assert all(each["ErrorMessage"] for each in answer.json["Errors"])
    # All of them may be bad.
    answer = desk.ask_raw("POST", target, {"Attendees": people(*bad)})
    assert (answer.status, answer.json["Attendees"]) == (201, [])


def test_who_finds_no_place_fails_alone(desk: Desk) -> None:
    meeting_id = desk.make_meeting(MeetingFeatures={"Attendee": {"MaxCount": 2}})
    desk.make_attendee(meeting_id, "ann")
    answer = desk.client.batch_create_attendee(
        MeetingId=meeting_id, Attendees=people("bob", "carl", "ann", "dora")
    )
    assert names(answer["Attendees"]) == ["bob", "ann"]
    assert [(each["ExternalUserId"], each["ErrorCode"]) for each in answer["Errors"]] == [
        ("carl", "LimitExceeded"),
        ("dora", "LimitExceeded"),
    ]


def test_lists_of_wrong_length(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    for count in (0, 101):
        answer = desk.ask_raw(
            "POST",
            f"/meetings/{meeting_id}/attendees?operation=batch-create",
            {"Attendees": people(*(f"u{number}" for number in range(count)))},
        )
        assert (answer.status, answer.error_type) == (400, "BadRequestException")
    for count in (0, 21):
        answer = desk.ask_raw(
            "POST",
            "/meetings?operation=create-attendees",
            {"ClientRequestToken": "token", **MEETING, "Attendees": people(*["ann"] * count)},
        )
        assert (answer.status, answer.error_type) == (400, "BadRequestException")
    assert desk.count(meeting_attendees) == 0
    full = people(*(f"u{number}" for number in range(100)))
    answer = desk.client.batch_create_attendee(  # type: ignore[assignment]
        MeetingId=meeting_id, Attendees=full
    )
    assert len(answer["Attendees"]) == 100  # type: ignore[index]


def test_capabilities_that_cannot_be_refuse_the_whole(desk: Desk) -> None:
    cases: list[tuple[Any, Any]] = [
        (None, capabilities("None", "Send", "Receive")),
        (NO_VIDEO, capabilities("None", "Receive", "None")),
        (NO_CONTENT, capabilities("None", "SendReceive", "Send")),
    ]
    for features, wanted in cases:
        more = {"MeetingFeatures": features} if features else {}
        meeting_id = desk.make_meeting(**more)
        given: Any = [{"ExternalUserId": "ann"}, {"ExternalUserId": "bob", "Capabilities": wanted}]
        with desk.refused("BadRequestException", "Capabilities"):
            desk.client.batch_create_attendee(MeetingId=meeting_id, Attendees=given)
        with desk.refused("BadRequestException", "Capabilities"):
            desk.make_attendee(meeting_id, "carl", Capabilities=wanted)
        with desk.refused("BadRequestException", "Attendees.1.Capabilities"):
            desk.client.create_meeting_with_attendees(
                ClientRequestToken=desk.token(), Attendees=given, **MEETING, **more
            )
    assert desk.count(meeting_attendees) == 0
    assert desk.count(meetings) == len(cases)


def test_a_meeting_with_attendees(desk: Desk) -> None:
    answer = desk.client.create_meeting_with_attendees(
        ClientRequestToken="token",
        MeetingFeatures={"Attendee": {"MaxCount": 1}},
        Attendees=people("ann", "bob"),
        **MEETING,
    )
    assert desk.last and desk.last.status == 201
    assert names(answer["Attendees"]) == ["ann"]
    assert [each["ErrorCode"] for each in answer["Errors"]] == ["LimitExceeded"]
    meeting_id = answer["Meeting"]["MeetingId"]
    assert desk.client.get_meeting(MeetingId=meeting_id)["Meeting"] == answer["Meeting"]
    assert desk.client.list_attendees(MeetingId=meeting_id)["Attendees"] == answer["Attendees"]
    with desk.refused("LimitExceededException"):
        desk.make_attendee(meeting_id, "carl")
    assert len(desk.events("MeetingStarted")) == len(desk.events("AttendeeAdded")) == 1


def test_an_unknown_meeting(desk: Desk) -> None:
    with desk.refused("NotFoundException"):
        desk.client.batch_create_attendee(MeetingId=SOMEBODY, Attendees=people("ann"))


NAMES = st.sampled_from(["ann", "bob", "carl", "dora", "aws:x", "no;id", "eve", "fay"])


@given(st.lists(NAMES, min_size=1, max_size=12), st.integers(1, 5))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_list_is_sorted_into_attendees_and_errors(
    desk: Desk, wanted: list[str], most: int
) -> None:
    request: Any = {
        "ClientRequestToken": desk.token(),
        "MeetingFeatures": {"Attendee": {"MaxCount": most}},
        "Attendees": people(*wanted),
        **MEETING,
    }
    made = desk.client.create_meeting_with_attendees(**request)
    there, errors = made["Attendees"], made["Errors"]
    assert len(there) + len(errors) == len(wanted)
    assert len({each["AttendeeId"] for each in there}) == len(set(names(there))) <= most
    assert {each["ErrorCode"] for each in errors} <= {"BadRequest", "LimitExceeded"}
    bad = [name for name in wanted if name in ("aws:x", "no;id")]
    refused = [each["ExternalUserId"] for each in errors if each["ErrorCode"] == "BadRequest"]
    assert refused == bad
    meeting_id = made["Meeting"]["MeetingId"]
    listed = desk.client.list_attendees(MeetingId=meeting_id)["Attendees"]
    assert {each["AttendeeId"] for each in listed} == {each["AttendeeId"] for each in there}
    again = desk.client.create_meeting_with_attendees(**request)
    assert (again["Attendees"], again["Errors"]) == (there, errors)
    desk.client.delete_meeting(MeetingId=meeting_id)


def test_a_quota_refuses_the_whole(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(meetings=1))
    desk.make_meeting()
    with desk.refused("LimitExceededException"):
        desk.client.create_meeting_with_attendees(
            ClientRequestToken="token", Attendees=people("ann"), **MEETING
        )
    assert desk.count(meeting_attendees) == 0
