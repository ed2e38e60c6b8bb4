"""StartMeetingTranscription, StopMeetingTranscription (chime-meetings A.9)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hubbub.meetings.stage import Admitted, Transcription
from hubbub.settings import Limits
from tests.unit.meetings.conftest import MakeDesk
from tests.unit.meetings.desk import SOMEBODY, Desk

GENERAL: Any = {"EngineTranscribeSettings": {"LanguageCode": "en-US"}}
MEDICAL: Any = {
    "EngineTranscribeMedicalSettings": {
        "LanguageCode": "en-US",
        "Specialty": "PRIMARYCARE",
        "Type": "CONVERSATION",
    }
}


def start(desk: Desk, meeting_id: str, configuration: Any) -> None:
    desk.client.start_meeting_transcription(
        MeetingId=meeting_id, TranscriptionConfiguration=configuration
    )


def kept(desk: Desk, token: str) -> Transcription | None:
    admitted = desk.admit(token)
    assert isinstance(admitted, Admitted)
    return admitted.transcription


def test_start_and_stop(make_desk: MakeDesk) -> None:
    desk = make_desk()
    meeting_id = desk.make_meeting()
    token = desk.make_attendee(meeting_id)["JoinToken"]
    assert kept(desk, token) is None
    start(desk, meeting_id.upper(), GENERAL)
    assert desk.last and (desk.last.status, desk.last.body) == (200, b"")
    assert desk.told("transcribing") == [(meeting_id, GENERAL, "eu-central-1")]
    # It goes on after a restart.
    assert kept(make_desk(), token) == Transcription(GENERAL, "eu-central-1")
    desk.client.stop_meeting_transcription(MeetingId=meeting_id)
    assert desk.last and (desk.last.status, desk.last.body) == (200, b"")
    assert desk.told("silent") == [(meeting_id,)]
    assert kept(desk, token) is None


def test_start_again_replaces_it(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    token = desk.make_attendee(meeting_id)["JoinToken"]
    start(desk, meeting_id, GENERAL)
    start(desk, meeting_id, MEDICAL)
    assert [told[1] for told in desk.told("transcribing")] == [GENERAL, MEDICAL]
    assert kept(desk, token) == Transcription(MEDICAL, "eu-central-1")


def test_stop_without_start(desk: Desk) -> None:
    desk.client.stop_meeting_transcription(MeetingId=desk.make_meeting())
    assert desk.last and desk.last.status == 200


@pytest.mark.parametrize(
    ("settings", "region"),
    [
        ({"LanguageCode": "de-DE", "Region": "us-west-2"}, "us-west-2"),
        ({"LanguageCode": "de-DE", "Region": "auto"}, "eu-central-1"),
        ({"IdentifyLanguage": True, "LanguageOptions": "en-US,de-DE"}, "eu-central-1"),
        ({"IdentifyLanguage": False, "LanguageCode": "en-US"}, "eu-central-1"),
        # No engine can do these, which is told later and not by the call.
        ({"LanguageCode": "en-US", "LanguageOptions": "en-US"}, "eu-central-1"),
        (
            {
                "LanguageCode": "en-US",
                "ContentIdentificationType": "PII",
                "ContentRedactionType": "PII",
            },
            "eu-central-1",
        ),
    ],
)
def test_settings_that_are_taken(desk: Desk, settings: Any, region: str) -> None:
    meeting_id = desk.make_meeting()
    start(desk, meeting_id, {"EngineTranscribeSettings": settings})
    assert desk.told("transcribing") == [
        (meeting_id, {"EngineTranscribeSettings": settings}, region)
    ]


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        GENERAL | MEDICAL,
        {"EngineTranscribeSettings": {}},
        {"EngineTranscribeSettings": {"LanguageCode": "en-US", "IdentifyLanguage": True}},
        {"EngineTranscribeSettings": {"IdentifyLanguage": False}},
        {"EngineTranscribeSettings": {"LanguageCode": "nl-NL"}},
        {"EngineTranscribeSettings": {"LanguageCode": "en-US", "Region": "eu-north-1"}},
        {"EngineTranscribeSettings": {"LanguageCode": "en-US", "PiiEntityTypes": "name"}},
        {"EngineTranscribeSettings": {"LanguageCode": "en-US", "VocabularyName": "x" * 4097}},
        {"EngineTranscribeSettings": {"LanguageCode": "en-US", "VocabularyFilterMethod": "cut"}},
        {"EngineTranscribeMedicalSettings": {"LanguageCode": "en-US"}},
        {"EngineTranscribeMedicalSettings": {"LanguageCode": "en-US", "Type": "DICTATION"}},
    ],
)
def test_settings_that_are_refused(desk: Desk, configuration: Any) -> None:
    meeting_id = desk.make_meeting()
    answer = desk.ask_raw(
        "POST",
        f"/meetings/{meeting_id}/transcription?operation=start",
        {"TranscriptionConfiguration": configuration},
    )
    assert (answer.status, answer.error_type) == (400, "BadRequestException")
    assert desk.told("transcribing") == []


def test_an_unknown_meeting(desk: Desk) -> None:
    with desk.refused("NotFoundException"):
        start(desk, SOMEBODY, GENERAL)
    with desk.refused("NotFoundException"):
        desk.client.stop_meeting_transcription(MeetingId=SOMEBODY)


def test_no_more_than_the_limit_at_a_time(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(transcriptions=2))
    first, second, third = (desk.make_meeting() for _ in range(3))
    token = desk.make_attendee(third)["JoinToken"]
    start(desk, first, GENERAL)
    start(desk, second, GENERAL)
    with desk.refused("LimitExceededException"):
        start(desk, third, GENERAL)
    assert kept(desk, token) is None
    with desk.refused("NotFoundException"):
        start(desk, SOMEBODY, GENERAL)
    start(desk, second, MEDICAL)
    desk.stage.transcribing.remove(first)  # it has failed
    start(desk, third, GENERAL)
    with desk.refused("LimitExceededException"):
        start(desk, first, GENERAL)
    desk.client.stop_meeting_transcription(MeetingId=second)
    start(desk, first, GENERAL)
    desk.client.delete_meeting(MeetingId=third)
    start(desk, second, GENERAL)


def test_the_limit_holds_for_many_at_once(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(transcriptions=3))
    meetings = [desk.make_meeting() for _ in range(8)]

    def status(meeting_id: str) -> int:
        path = f"/meetings/{meeting_id}/transcription?operation=start"
        return desk.ask_raw("POST", path, {"TranscriptionConfiguration": GENERAL}).status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(status, meetings))
    assert statuses == [200] * 3 + [400] * 5


def test_a_replica_is_transcribed_with_its_primary(desk: Desk) -> None:
    primary = desk.make_meeting()
    replica = desk.make_meeting(PrimaryMeetingId=primary)
    token = desk.make_attendee(replica)["JoinToken"]
    with desk.refused("UnprocessableEntityException"):
        start(desk, replica, GENERAL)
    start(desk, primary, GENERAL)
    assert kept(desk, token) == Transcription(GENERAL, "eu-central-1")
