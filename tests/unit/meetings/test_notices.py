"""Lifecycle events and who gets them (chime-meetings A.11)."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import Any

import pytest

from hubbub.meetings import notices
from hubbub.meetings.events import OVER_VOIP
from hubbub.sinks.contract import Destination
from hubbub.store.contract import StoreUnavailable
from tests.unit.desk import OURS, REGION
from tests.unit.meetings.conftest import MakeDesk
from tests.unit.meetings.desk import FUNCTION, SOMEBODY, Desk

TOPIC = "arn:aws:sns:eu-west-1:999999999999:meetings"
QUEUE = "arn:aws:sqs:us-east-2:888888888888:meetings"


def occurred(desk: Desk, meeting_id: str, event_type: str, *more: Any) -> None:
    async def occur() -> None:
        desk.meetings.directory.occurred(meeting_id, event_type, *more)

    desk.run(occur())
    desk.settle()


def test_the_whole_event(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    ((destination, content),) = desk.sinks.written
    assert destination == Destination("events", "default", REGION, OURS.account_id, "events")
    assert re.fullmatch(r"[0-9a-f-]{36}", content.pop("id"))
    assert content == {
        "version": "0",
        "source": "aws.chime",
        "account": OURS.account_id,
        "region": REGION,
        "detail-type": "Chime Meeting State Change",
        "time": "2026-05-04T08:23:20Z",
        "resources": [],
        "detail": {
            "version": "0",
            "eventType": "chime:MeetingStarted",
            "timestamp": desk.clock.now // 1000,
            "meetingId": meeting_id,
            "externalMeetingId": "standup",
            "mediaRegion": "eu-central-1",
        },
    }


def test_what_the_stage_reports(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    occurred(desk, meeting_id, "chime:AttendeeContentJoined", "id#content", "ann")
    occurred(desk, meeting_id, "chime:AttendeeVideoStarted", "id", "ann")
    occurred(desk, meeting_id, "chime:TranscriptionFailed", None, None, {"message": "why"})
    content, video, failed = desk.events()[1:]
    assert content["attendeeId"] == "id#content"
    assert content["externalUserId"] == "ann"
    assert content["networkType"] == "Voip"
    assert "networkType" not in video
    assert failed["message"] == "why"
    assert failed.keys().isdisjoint({"attendeeId", "externalUserId"})
    assert len(OVER_VOIP) == 6


def test_the_life_of_a_meeting(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    attendee_id = desk.make_attendee(meeting_id)["AttendeeId"]
    desk.client.delete_attendee(MeetingId=meeting_id, AttendeeId=attendee_id)
    desk.client.delete_meeting(MeetingId=meeting_id)
    assert [event["eventType"] for event in desk.events()] == [
        "chime:MeetingStarted",
        "chime:AttendeeAdded",
        "chime:AttendeeDeleted",
        "chime:MeetingEnded",
    ]
    # What clients do on their way out is told, too.
    occurred(desk, meeting_id, "chime:AttendeeLeft", attendee_id, "ann")
    assert desk.events()[-1]["eventType"] == "chime:AttendeeLeft"


def test_those_whom_the_meeting_names(desk: Desk) -> None:
    desk.make_meeting(
        NotificationsConfiguration={
            "LambdaFunctionArn": FUNCTION,
            "SnsTopicArn": TOPIC,
            "SqsQueueArn": QUEUE,
        }
    )
    desk.settle()
    written = dict(desk.sinks.written)
    assert written.keys() == {
        Destination("events", "default", REGION, OURS.account_id, "events"),
        Destination("sns", TOPIC, "eu-west-1", "999999999999", TOPIC),
        Destination("sqs", QUEUE, "us-east-2", "888888888888", QUEUE),
    }
    (event,) = desk.functions.called
    assert all(content == event for content in written.values())


def test_what_is_known_survives_a_restart(make_desk: MakeDesk) -> None:
    desk = make_desk()
    meeting_id = desk.make_meeting(NotificationsConfiguration={"SqsQueueArn": QUEUE})
    later = make_desk()
    occurred(later, meeting_id, "chime:AttendeeJoined", "id", "ann")
    assert sorted(destination.kind for destination, _ in later.sinks.written) == ["events", "sqs"]


def test_nobody_is_told_of_what_is_not_there(desk: Desk) -> None:
    occurred(desk, SOMEBODY, "chime:AttendeeJoined", "id", "ann")
    assert desk.sinks.written == []


def test_a_store_that_is_out_of_reach_costs_the_event_only(desk: Desk) -> None:
    async def fetch(*_: Any) -> Any:
        raise StoreUnavailable("away")

    store: Any = desk.meetings._notices._store
    kept = store.fetch
    store.fetch = fetch
    occurred(desk, SOMEBODY, "chime:AttendeeJoined", "id", "ann")
    store.fetch = kept
    assert desk.sinks.written == []


@pytest.mark.parametrize(
    ("member", "arn"),
    [
        ("SnsTopicArn", QUEUE),
        ("SnsTopicArn", "arn:aws:sns"),
        ("SqsQueueArn", "arn:aws:sqs::888888888888:q"),
        ("LambdaFunctionArn", "arn:aws:lambda:us-east-1:111122223333:function:other"),
    ],
)
def test_places_that_are_none_are_left_out(
    desk: Desk, caplog: pytest.LogCaptureFixture, member: str, arn: str
) -> None:
    wrong: Any = {member: arn}
    for _ in range(2):
        desk.make_meeting(NotificationsConfiguration=wrong)
    desk.settle()
    assert {destination.kind for destination, _ in desk.sinks.written} == {"events"}
    assert desk.functions.called == []
    assert len([each for each in caplog.records if arn in each.getMessage()]) == 1


def test_a_function_that_fails_costs_the_event_only(desk: Desk) -> None:
    desk.functions.fails = True
    desk.make_meeting(NotificationsConfiguration={"LambdaFunctionArn": FUNCTION})
    desk.settle()
    assert desk.functions.called == []
    assert desk.events("MeetingStarted")


def test_on_the_way_out_no_function_is_called_any_more(desk: Desk) -> None:
    meeting_id = desk.make_meeting(NotificationsConfiguration={"LambdaFunctionArn": FUNCTION})
    desk.settle()
    calls = len(desk.functions.called)
    desk.run(desk.meetings.close())
    occurred(desk, meeting_id, "chime:AttendeeLeft", "id", "ann")
    assert len(desk.functions.called) == calls
    assert desk.events("AttendeeLeft")


def test_a_function_that_hangs_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_CLOSE_SECONDS", 0.01)
    begun = threading.Event()

    async def hang(*_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    functions: Any = desk.functions
    functions.invoke = hang
    desk.make_meeting(NotificationsConfiguration={"LambdaFunctionArn": FUNCTION})
    assert begun.wait(10)
    desk.run(desk.meetings.close())
    assert not desk.meetings._notices._tasks


def test_memory_of_meetings_and_calls_is_bounded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notices, "MOST_KEPT", 2)
    made = [desk.make_meeting() for _ in range(4)]
    assert list(desk.meetings._notices._subjects) == made[2:]
    occurred(desk, made[0], "chime:AttendeeJoined", "id", "ann")
    assert desk.events()[-1]["meetingId"] == made[0]
    monkeypatch.setattr(notices, "MOST_CALLS", 0)
    for _ in range(3):
        desk.make_meeting(NotificationsConfiguration={"LambdaFunctionArn": FUNCTION})
    desk.settle()
    assert desk.functions.called == []
    assert len([each for each in caplog.records if "too many calls" in each.getMessage()]) == 2
