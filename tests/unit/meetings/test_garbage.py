"""No request, however malformed, gets a 5xx: all of the sweep's, now with something behind them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.desk import OURS, REGION
from tests.unit.meetings.desk import MEETING, Desk
from tests.wire.in_process import Request
from tests.wire.services import SERVICES
from tests.wire.test_sweep import _cases

MEETINGS = next(each for each in SERVICES if each.name == "chime-sdk-meetings")
TEXTS = [
    "\0",
    "a\0b",
    "\x7f\x1b",
    "\u202e",
    "😀" * 40,
    "'; DROP TABLE meetings; --",
    "%00",
    "../..",
]


@pytest.mark.parametrize("operation", sorted(MEETINGS.model.operations))
def test_requests_of_the_sweep(
    desk: Desk, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    for case in _cases(MEETINGS, MEETINGS.model.operations[operation]):
        answer = desk.ask(case.request.signed("chime", key=OURS, region=REGION))
        assert answer.status < 500, case.name
        assert answer.status < 300 or answer.error_type, case.name
    assert "unforeseen" not in caplog.text


@pytest.mark.parametrize("text", TEXTS)
def test_texts_that_trouble_databases(desk: Desk, text: str) -> None:
    meeting_id = desk.make_meeting()
    people = [{"ExternalUserId": text}]
    create: dict[str, Any] = {"ClientRequestToken": "token", **MEETING}
    vocabulary = {"LanguageCode": "en-US", "VocabularyName": text}
    arn = f"arn:aws:chime:{REGION}:{OURS.account_id}:meeting/{text}"
    bodies: list[tuple[str, Any]] = [
        ("/meetings", create | {"ExternalMeetingId": text}),
        ("/meetings", create | {"PrimaryMeetingId": text + "x"}),
        ("/meetings", create | {"ClientRequestToken": text}),
        ("/meetings", create | {"NotificationsConfiguration": {"SnsTopicArn": f"arn{text}"}}),
        ("/meetings?operation=create-attendees", create | {"Attendees": people}),
        (f"/meetings/{meeting_id}/attendees", people[0]),
        (f"/meetings/{meeting_id}/attendees?operation=batch-create", {"Attendees": people}),
        (
            f"/meetings/{meeting_id}/transcription?operation=start",
            {"TranscriptionConfiguration": {"EngineTranscribeSettings": vocabulary}},
        ),
        (
            "/tags?operation=tag-resource",
            {"ResourceARN": arn, "Tags": [{"Key": "a", "Value": "b"}]},
        ),
    ]
    for target, body in bodies:
        assert desk.ask_raw("POST", target, body).status < 500, target


def test_hosts_of_any_form(desk: Desk) -> None:
    """The host is the caller's to sign, and becomes part of answers."""
    body = b'{"ClientRequestToken": "token", "MediaRegion": "us-east-1", "ExternalMeetingId": "ab"}'
    for host in ("", "a b", '"><script>', "h" * 4000, "[::1", "x:99999999", "h/../.."):
        signed = Request("POST", "/meetings", [], body).signed("chime", key=OURS, region=REGION)
        headers = [(name, value) for name, value in signed.headers if name != "host"]
        answer = desk.ask(Request("POST", "/meetings", [*headers, ("host", host)], body))
        assert answer.status < 500
