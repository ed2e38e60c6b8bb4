"""Replicas of meetings (chime-meetings A.5)."""

from __future__ import annotations

from hubbub.meetings.stage import Admitted, Ended
from hubbub.settings import Limits
from tests.unit.desk import THEIRS
from tests.unit.meetings.conftest import MakeDesk
from tests.unit.meetings.desk import SOMEBODY, Desk


def test_a_replica(desk: Desk) -> None:
    primary = desk.make_meeting()
    made = desk.make_whole_meeting(PrimaryMeetingId=primary.upper())
    assert made["PrimaryMeetingId"] == primary
    told = desk.told("created")[-1][0]
    assert told.primary_meeting_id == primary
    admitted = desk.admit(desk.make_attendee(made["MeetingId"])["JoinToken"])
    assert isinstance(admitted, Admitted)
    assert admitted.meeting.meeting_id == made["MeetingId"]
    assert admitted.primary is not None
    assert admitted.primary.meeting_id == primary
    of_primary = desk.admit(desk.make_attendee(primary)["JoinToken"])
    assert isinstance(of_primary, Admitted)
    assert of_primary.primary is None


def test_what_cannot_be_a_primary(desk: Desk) -> None:
    primary = desk.make_meeting()
    replica = desk.make_meeting(PrimaryMeetingId=primary)
    with desk.refused("BadRequestException", "PrimaryMeetingId"):
        desk.make_meeting(PrimaryMeetingId=replica)
    theirs = desk.make_whole_meeting(desk.client_of(THEIRS))["MeetingId"]
    for absent in (SOMEBODY, theirs, "no-guid"):
        with desk.refused("NotFoundException"):
            desk.make_meeting(PrimaryMeetingId=absent)


def test_four_are_the_most(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(replicas_per_meeting=4))
    primary = desk.make_meeting()
    replicas = [desk.make_meeting(PrimaryMeetingId=primary) for _ in range(4)]
    with desk.refused("LimitExceededException"):
        desk.make_meeting(PrimaryMeetingId=primary)
    desk.client.delete_meeting(MeetingId=replicas[0])
    assert desk.make_meeting(PrimaryMeetingId=primary)


def test_replicas_end_with_their_primary(desk: Desk) -> None:
    primary = desk.make_meeting()
    replicas = [desk.make_meeting(PrimaryMeetingId=primary) for _ in range(2)]
    token = desk.make_attendee(replicas[0])["JoinToken"]
    other = desk.make_meeting()
    desk.client.delete_meeting(MeetingId=primary)
    assert sorted(desk.told("ended")) == sorted([(primary,), *((each,) for each in replicas)])
    assert len(desk.events("MeetingEnded")) == 3
    assert desk.admit(token) == Ended(replicas[0])
    for replica in replicas:
        with desk.refused("NotFoundException", "ended"):
            desk.client.get_meeting(MeetingId=replica)
    assert desk.client.get_meeting(MeetingId=other)


def test_a_primary_outlives_its_replicas(desk: Desk) -> None:
    primary = desk.make_meeting()
    desk.client.delete_meeting(MeetingId=desk.make_meeting(PrimaryMeetingId=primary))
    assert desk.client.get_meeting(MeetingId=primary)
