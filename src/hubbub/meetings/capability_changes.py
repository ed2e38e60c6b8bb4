"""UpdateAttendeeCapabilities, BatchUpdateAttendeeCapabilitiesExcept (chime-meetings A.7).

One invariant: *a refused request changes nothing, and what is committed is told to the stage*, in
the order of the commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from hubbub.meetings.answers import Answers
from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.changes import Changes
from hubbub.meetings.enrolment import Enrolment
from hubbub.meetings.errors import attendee_not_found
from hubbub.meetings.events import CAPABILITIES_UPDATED
from hubbub.meetings.notices import Notices
from hubbub.meetings.records import (
    ATTENDEE,
    AttendeeRecord,
    MeetingRecord,
    a,
    attendee_record,
)
from hubbub.meetings.stage import Stage
from hubbub.store.contract import Transaction
from hubbub.store.tables import meeting_attendees
from hubbub.wire.service import Call, Output

if TYPE_CHECKING:
    from types_boto3_chime_sdk_meetings.type_defs import (
        BatchUpdateAttendeeCapabilitiesExceptRequestTypeDef,
        UpdateAttendeeCapabilitiesRequestTypeDef,
    )

_ALL = a.meeting_id == bindparam("of_id")
_ONE = (_ALL, a.attendee_id == bindparam("of_attendee"))
_NEW: dict[str, Any] = {
    "audio": bindparam("new_audio"),
    "video": bindparam("new_video"),
    "content": bindparam("new_content"),
}
_FIND = select(*ATTENDEE).where(*_ONE)
_FIND_ALL = select(*ATTENDEE).where(_ALL).order_by(a.position)
_SET = update(meeting_attendees).where(*_ONE).values(_NEW)
_SET_ALL = update(meeting_attendees).where(_ALL).values(_NEW)


class CapabilityChanges:
    def __init__(
        self,
        *,
        stage: Stage,
        notices: Notices,
        answers: Answers,
        changes: Changes,
    ) -> None:
        self._stage = stage
        self._notices = notices
        self._answers = answers
        self._changes = changes

    async def update(self, call: Call, request: UpdateAttendeeCapabilitiesRequestTypeDef) -> Output:
        wanted = _requested(request["Capabilities"])

        async def work(transaction: Transaction, meeting: MeetingRecord) -> AttendeeRecord:
            of = {"of_id": meeting.meeting_id, "of_attendee": request["AttendeeId"].lower()}
            found = await transaction.fetch(_FIND, of)
            if not found:
                raise attendee_not_found(request["AttendeeId"])
            Enrolment(transaction, meeting).check(wanted)
            await transaction.execute(_SET, {**of, **_values(wanted)})
            return replace(attendee_record(found[0]), capabilities=wanted)

        change = self._changes.change(call, request["MeetingId"], work)
        async with change as (meeting, attendee):
            self._tell(meeting, (attendee,))
        return {"Attendee": self._answers.attendee(meeting.meeting_id, attendee)}

    async def update_all_except(
        self, call: Call, request: BatchUpdateAttendeeCapabilitiesExceptRequestTypeDef
    ) -> None:
        wanted = _requested(request["Capabilities"])
        excluded = {each["AttendeeId"].lower() for each in request["ExcludedAttendeeIds"]}

        async def work(transaction: Transaction, meeting: MeetingRecord) -> list[AttendeeRecord]:
            Enrolment(transaction, meeting).check(wanted)
            of = {"of_id": meeting.meeting_id}
            rows = await transaction.fetch(_FIND_ALL, of)
            attendees = [attendee_record(row) for row in rows]
            await transaction.execute(_SET_ALL, {**of, **_values(wanted)})
            # As a rule few are excluded: they get back what they had.
            for each in attendees:
                if each.attendee_id in excluded:
                    values = {"of_attendee": each.attendee_id, **_values(each.capabilities)}
                    await transaction.execute(_SET, {**of, **values})
            return [
                replace(each, capabilities=wanted)
                for each in attendees
                if each.attendee_id not in excluded
            ]

        change = self._changes.change(call, request["MeetingId"], work)
        async with change as (meeting, changed):
            self._tell(meeting, changed)

    def _tell(self, meeting: MeetingRecord, changed: Iterable[AttendeeRecord]) -> None:
        now = {each.attendee_id: each.capabilities for each in changed}
        if not now:
            return
        self._stage.capabilities_changed(meeting.meeting_id, now)
        for each in changed:
            self._notices.send(
                meeting.meeting_id,
                CAPABILITIES_UPDATED,
                each.attendee_id,
                each.external_user_id,
                {
                    "success": "1",
                    "attendeeCapabilities": {
                        "audio": each.capabilities.audio,
                        "video": each.capabilities.video,
                        "content": each.capabilities.content,
                    },
                },
            )


def _requested(given: Any) -> Capabilities:
    return Capabilities(given["Audio"], given["Video"], given["Content"])


def _values(capabilities: Capabilities) -> dict[str, str]:
    return {
        "new_audio": capabilities.audio,
        "new_video": capabilities.video,
        "new_content": capabilities.content,
    }
