"""Meetings and attendees as rows hold them, and the one door that every meeting goes through.

One invariant: *a meeting of another account or region is not there*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import bindparam, select

from hubbub.meetings.arns import meeting_arn
from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.errors import meeting_ended, meeting_not_found
from hubbub.meetings.features import Features
from hubbub.meetings.stage import Attendee, Meeting, Transcription
from hubbub.store.columns import optional_value
from hubbub.store.contract import Reader, Row
from hubbub.store.tables import meeting_attendees, meetings
from hubbub.wire.service import Call

m = meetings.c
a = meeting_attendees.c
MEETING = (
    m.id,
    m.account_id,
    m.region,
    m.external_meeting_id,
    m.media_region,
    m.host_id,
    m.primary_meeting_id,
    m.tenant_ids,
    m.features,
    m.notifications,
    m.transcription,
    m.create_time,
    m.end_time,
    m.most_attendees,
    m.attendees,
    m.attendees_made,
)
"""Columns in the order of `MeetingRecord`."""
ATTENDEE = (a.attendee_id, a.external_user_id, a.position, a.audio, a.video, a.content)
"""Columns that `attendee_record` takes."""

OWN = (
    m.id == bindparam("of_id"),
    m.account_id == bindparam("of_account"),
    m.region == bindparam("of_region"),
)
"""Of a row of `meetings`. Its parameters are those of `place`."""
LIVE = (*OWN, m.end_time == 0)

_FIND = select(*MEETING).where(*OWN)
_HOLD = _FIND.with_for_update()


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """A row of `meetings`. Structures are as on the wire, None where none was given."""

    meeting_id: str
    account_id: str
    region: str
    external_meeting_id: str
    media_region: str
    host_id: str
    primary_meeting_id: str
    tenant_ids: list[str]
    given_features: Mapping[str, Any] | None
    notifications: Mapping[str, str] | None
    transcription: Transcription | None
    create_time: int
    end_time: int
    most_attendees: int
    attendees: int
    attendees_made: int

    @property
    def features(self) -> Features:
        return Features.of(self.given_features)

    @property
    def arn(self) -> str:
        return meeting_arn(self.region, self.account_id, self.meeting_id)

    @property
    def live(self) -> Meeting:
        """As the stage knows it."""
        return Meeting(
            meeting_id=self.meeting_id,
            external_meeting_id=self.external_meeting_id,
            account_id=self.account_id,
            region=self.region,
            media_region=self.media_region,
            created_at=self.create_time / 1_000_000,
            features=self.features,
            primary_meeting_id=self.primary_meeting_id or None,
        )


@dataclass(frozen=True, slots=True)
class AttendeeRecord:
    """A row of `meeting_attendees`."""

    attendee_id: str
    external_user_id: str
    position: int
    capabilities: Capabilities

    @property
    def live(self) -> Attendee:
        """As the stage knows it."""
        return Attendee(self.attendee_id, self.external_user_id)


def meeting_record(row: Row) -> MeetingRecord:
    """Of the columns `MEETING`."""
    values = list(row)
    values[7] = orjson.loads(row[7])
    values[8:11] = [optional_value(column) for column in row[8:11]]
    if values[10] is not None:
        values[10] = Transcription(**values[10])
    return MeetingRecord(*values)


def attendee_record(row: Row) -> AttendeeRecord:
    """Of the columns `ATTENDEE`."""
    return AttendeeRecord(row[0], row[1], row[2], Capabilities(*row[3:6]))


def place(call: Call, meeting_id: str) -> dict[str, str]:
    """Parameters for statements with `OWN` or `LIVE`."""
    return {
        "of_id": meeting_id.lower(),
        "of_account": call.account_id,
        "of_region": call.region,
    }


async def find_live(reader: Reader, call: Call, meeting_id: str) -> MeetingRecord:
    """The meeting. Raises NotFoundException."""
    return _live(await reader.fetch(_FIND, place(call, meeting_id)), meeting_id)


async def hold_live(reader: Reader, call: Call, meeting_id: str) -> MeetingRecord:
    """The same in a transaction, which others who change the meeting then wait for."""
    return _live(await reader.fetch(_HOLD, place(call, meeting_id)), meeting_id)


def _live(rows: Any, meeting_id: str) -> MeetingRecord:
    if not rows:
        raise meeting_not_found(meeting_id)
    record = meeting_record(rows[0])
    if record.end_time:
        raise meeting_ended()
    return record
