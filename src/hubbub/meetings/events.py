"""Lifecycle events as EventBridge has them (chime-meetings A.11). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SOURCE = "aws.chime"
DETAIL_TYPE = "Chime Meeting State Change"

MEETING_STARTED = "chime:MeetingStarted"
MEETING_ENDED = "chime:MeetingEnded"
ATTENDEE_ADDED = "chime:AttendeeAdded"
ATTENDEE_DELETED = "chime:AttendeeDeleted"
CAPABILITIES_UPDATED = "chime:AttendeeCapabilitiesUpdated"

OF_AUDIO = frozenset(
    ("chime:AttendeeJoined", "chime:AttendeeLeft", "chime:AttendeeDropped"),
)
"""Somebody has an audio connection, or had one until now."""
OVER_VOIP = OF_AUDIO | {
    "chime:AttendeeContentJoined",
    "chime:AttendeeContentLeft",
    "chime:AttendeeContentDropped",
}
"""Those with a ``networkType``."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What events tell of their meeting, and who is to get them beside the general sink."""

    meeting_id: str
    external_meeting_id: str
    media_region: str
    account_id: str
    region: str
    notifications: Mapping[str, str]  # NotificationsConfiguration; empty: nobody


def event(
    subject: Subject,
    event_type: str,
    *,
    event_id: str,
    at: int,
    attendee_id: str | None,
    external_user_id: str | None,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """The whole event; `at` is epoch microseconds."""
    detail: dict[str, Any] = {
        "version": "0",
        "eventType": event_type,
        "timestamp": at // 1_000,
        "meetingId": subject.meeting_id,
        "externalMeetingId": subject.external_meeting_id,
        "mediaRegion": subject.media_region,
    }
    if attendee_id is not None:
        detail["attendeeId"] = attendee_id
    if external_user_id is not None:
        detail["externalUserId"] = external_user_id
    if event_type in OVER_VOIP:
        detail["networkType"] = "Voip"
    return {
        "version": "0",
        "source": SOURCE,
        "account": subject.account_id,
        "id": event_id,
        "region": subject.region,
        "detail-type": DETAIL_TYPE,
        "time": datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resources": [],
        "detail": {**detail, **extra},
    }
