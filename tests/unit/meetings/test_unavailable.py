"""Where no meeting can be held: creating says why, reading and deleting go on (A.3)."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.meetings import Unstaged
from hubbub.meetings.stage import Meeting
from hubbub.meetings.unstaged import NO_ENGINE, SEVERAL_WORKERS
from tests.unit.meetings.desk import FULL, MEETING, Desk


def test_operations_that_need_media(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    desk.stage.reason = NO_ENGINE
    client: Any = desk.client
    people = [{"ExternalUserId": "ann"}]
    general = {"EngineTranscribeSettings": {"LanguageCode": "en-US"}}
    calls: list[Any] = [
        desk.make_meeting,
        lambda: client.create_meeting_with_attendees(
            ClientRequestToken="token", Attendees=people, **MEETING
        ),
        lambda: client.create_attendee(MeetingId=meeting_id, ExternalUserId="ann"),
        lambda: client.batch_create_attendee(MeetingId=meeting_id, Attendees=people),
        lambda: client.start_meeting_transcription(
            MeetingId=meeting_id, TranscriptionConfiguration=general
        ),
    ]
    for call in calls:
        with desk.refused("ServiceUnavailableException", "hubbub-media"):
            call()
        assert desk.last and desk.last.headers["retry-after"] == "5"
    # What is wrong in itself is said first.
    with desk.refused("BadRequestException"):
        desk.make_meeting(MediaRegion="nowhere")


def test_the_others(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    attendee_id = desk.make_attendee(meeting_id)["AttendeeId"]
    desk.stage.reason = NO_ENGINE
    client: Any = desk.client
    client.get_meeting(MeetingId=meeting_id)
    client.list_attendees(MeetingId=meeting_id)
    client.update_attendee_capabilities(
        MeetingId=meeting_id, AttendeeId=attendee_id, Capabilities=FULL
    )
    client.stop_meeting_transcription(MeetingId=meeting_id)
    client.delete_attendee(MeetingId=meeting_id, AttendeeId=attendee_id)
    client.delete_meeting(MeetingId=meeting_id)


@pytest.mark.parametrize("reason", [NO_ENGINE, SEVERAL_WORKERS])
def test_a_stage_that_is_none(desk: Desk, reason: str) -> None:
    desk.make_meeting()
    meeting: Meeting = desk.told("created")[0][0]
    stage = Unstaged(reason)
    assert stage.why_unavailable() == reason
    stage.meeting_created(meeting)
    stage.attendee_deleted(meeting.meeting_id, "id")
    stage.capabilities_changed(meeting.meeting_id, {})
    stage.transcription_started(meeting.meeting_id, {}, "us-east-1")
    stage.transcription_stopped(meeting.meeting_id)
    stage.meeting_ended(meeting.meeting_id)
    assert not stage.has_audio(meeting.meeting_id)
