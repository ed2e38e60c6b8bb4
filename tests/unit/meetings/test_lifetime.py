"""Meetings end by themselves (chime-meetings A.8)."""

from __future__ import annotations

from hubbub.meetings.stage import Ended
from hubbub.settings import Limits
from hubbub.store.tables import meeting_attendees, meetings
from tests.unit.meetings.conftest import MakeDesk
from tests.unit.meetings.desk import HOUR, Desk

MINUTE = 60


def lives(desk: Desk, meeting_id: str) -> bool:
    return desk.ask_raw("GET", f"/meetings/{meeting_id}").status == 200


def test_five_minutes_without_audio(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    token = desk.make_attendee(meeting_id)["JoinToken"]
    desk.work(5 * MINUTE - 1)
    assert lives(desk, meeting_id)
    desk.work(1)
    assert not lives(desk, meeting_id)
    assert desk.told("ended") == [(meeting_id,)]
    assert len(desk.events("MeetingEnded")) == 1
    assert desk.admit(token) == Ended(meeting_id)
    assert desk.count(meeting_attendees) == 0
    desk.work(MINUTE)
    assert len(desk.told("ended")) == 1


def test_audio_keeps_it_alive(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    desk.stage.audible.add(meeting_id)
    for _ in range(20):
        desk.work(MINUTE)
    assert lives(desk, meeting_id)
    desk.stage.audible.clear()
    desk.work(5 * MINUTE - 1)
    assert lives(desk, meeting_id)
    desk.work(1)
    assert not lives(desk, meeting_id)


def test_audio_between_two_looks_counts(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    for event in ("chime:AttendeeJoined", "chime:AttendeeLeft", "chime:AttendeeDropped"):
        desk.work(5 * MINUTE - 1)
        desk.run(_occurred(desk, meeting_id, event))
    desk.work(5 * MINUTE - 1)
    assert lives(desk, meeting_id)
    desk.run(_occurred(desk, meeting_id, "chime:AttendeeVideoStarted"))
    desk.work(1)
    assert not lives(desk, meeting_id)


async def _occurred(desk: Desk, meeting_id: str, event: str) -> None:
    desk.meetings.directory.occurred(meeting_id, event, "id", "ann")


def test_a_day_is_the_longest(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    desk.stage.audible.add(meeting_id)
    desk.work(24 * HOUR - 1)
    assert lives(desk, meeting_id)
    desk.work(1)
    assert not lives(desk, meeting_id)


def test_replicas_do_not_end_by_silence(desk: Desk) -> None:
    primary = desk.make_meeting()
    replica = desk.make_meeting(PrimaryMeetingId=primary)
    desk.stage.audible.add(primary)
    desk.work(HOUR)
    assert lives(desk, replica)
    desk.stage.audible.clear()
    desk.work(5 * MINUTE)
    assert not lives(desk, primary)
    assert not lives(desk, replica)


def test_a_restart_gives_clients_time_to_come_back(make_desk: MakeDesk) -> None:
    desk = make_desk()
    meeting_id = desk.make_meeting()
    desk.stage.audible.add(meeting_id)
    desk.work(HOUR)
    later = make_desk()
    later.work(5 * MINUTE - 1)
    assert lives(later, meeting_id)
    later.work(1)
    assert not lives(later, meeting_id)


def test_silence_says_nothing_where_no_meeting_can_be_held(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    desk.stage.reason = "no engine"
    desk.work(HOUR)
    assert lives(desk, meeting_id)
    desk.work(23 * HOUR)
    assert not lives(desk, meeting_id)


def test_a_node_among_others_ends_its_own_only(make_desk: MakeDesk) -> None:
    first, second = (make_desk(bus_url="redis://bus") for _ in range(2))
    made, adopted = first.make_meeting(), first.make_meeting()
    token = first.make_attendee(adopted)["JoinToken"]
    first.stage.audible |= {made, adopted}
    second.work(HOUR)
    assert lives(first, made)
    first.work()
    assert second.admit(token)
    first.stage.audible.clear()
    second.work(5 * MINUTE)
    assert lives(first, made)
    assert not lives(first, adopted)
    first.work()
    assert not lives(first, made)


def test_ended_meetings_are_remembered_for_a_day(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    token = desk.make_attendee(meeting_id)["JoinToken"]
    desk.client.delete_meeting(MeetingId=meeting_id)
    desk.work(24 * HOUR - 1)
    assert desk.admit(token) == Ended(meeting_id)
    with desk.refused("NotFoundException", "ended"):
        desk.client.get_meeting(MeetingId=meeting_id)
    desk.work(1)
    assert desk.admit(token) is None
    assert desk.count(meetings) == 0
    with desk.refused("NotFoundException", "not found"):
        desk.client.get_meeting(MeetingId=meeting_id)


def test_what_has_ended_counts_for_no_quota(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(meetings=2))
    first = desk.make_meeting()
    desk.make_meeting()
    with desk.refused("LimitExceededException"):
        desk.make_meeting()
    desk.client.delete_meeting(MeetingId=first)
    desk.make_meeting()
    with desk.refused("LimitExceededException"):
        desk.make_meeting()
    desk.work(5 * MINUTE)
    desk.make_meeting()
    desk.make_meeting()
    assert desk.make_whole_meeting(desk.client_of(region="eu-west-1"))  # counted by region
