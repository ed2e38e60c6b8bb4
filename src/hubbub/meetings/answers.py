"""Meetings and attendees as operations answer them (chime-meetings A.5, A.6)."""

from __future__ import annotations

from collections.abc import Iterable

from hubbub.meetings.join_tokens import JoinTokens
from hubbub.meetings.placement import Placement
from hubbub.meetings.records import AttendeeRecord, MeetingRecord
from hubbub.wire.service import Call, Output


class Answers:
    """Fills in what no row holds: where a meeting is, and what lets an attendee in."""

    def __init__(self, placement: Placement, tokens: JoinTokens) -> None:
        self._placement = placement
        self._tokens = tokens

    def meeting(self, call: Call, meeting: MeetingRecord) -> Output:
        return {
            "MeetingId": meeting.meeting_id,
            "MeetingHostId": meeting.host_id or None,
            "ExternalMeetingId": meeting.external_meeting_id,
            "MediaRegion": meeting.media_region,
            "MediaPlacement": self._placement.of(call, meeting.meeting_id),
            "MeetingFeatures": meeting.given_features,
            "PrimaryMeetingId": meeting.primary_meeting_id or None,
            "TenantIds": meeting.tenant_ids,
            "MeetingArn": meeting.arn,
        }

    def attendee(self, meeting_id: str, attendee: AttendeeRecord) -> Output:
        capabilities = attendee.capabilities
        return {
            "ExternalUserId": attendee.external_user_id,
            "AttendeeId": attendee.attendee_id,
            "JoinToken": self._tokens.seal(meeting_id, attendee.attendee_id),
            "Capabilities": {
                "Audio": capabilities.audio,
                "Video": capabilities.video,
                "Content": capabilities.content,
            },
        }

    def attendees(self, meeting_id: str, attendees: Iterable[AttendeeRecord]) -> list[Output]:
        return [self.attendee(meeting_id, each) for each in attendees]
