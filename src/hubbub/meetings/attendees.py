"""CreateAttendee, BatchCreateAttendee, ListAttendees, GetAttendee, DeleteAttendee (A.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, update

from hubbub.meetings.answers import Answers
from hubbub.meetings.changes import Changes
from hubbub.meetings.enrolment import Batch, Enrolment, MeetingFull
from hubbub.meetings.errors import attendee_not_found, limit_exceeded
from hubbub.meetings.events import ATTENDEE_ADDED, ATTENDEE_DELETED
from hubbub.meetings.notices import Notices
from hubbub.meetings.pages import Page
from hubbub.meetings.records import (
    ATTENDEE,
    AttendeeRecord,
    MeetingRecord,
    a,
    attendee_record,
    find_live,
    hold_live,
    m,
)
from hubbub.meetings.rules import requested
from hubbub.meetings.stage import Stage
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import meeting_attendees, meetings
from hubbub.wire.pagetokens import PageTokens
from hubbub.wire.service import Call, Output

if TYPE_CHECKING:
    from types_boto3_chime_sdk_meetings.type_defs import (
        BatchCreateAttendeeRequestTypeDef,
        CreateAttendeeRequestTypeDef,
        DeleteAttendeeRequestTypeDef,
        GetAttendeeRequestTypeDef,
        ListAttendeesRequestTypeDef,
    )

_OF = (a.meeting_id == bindparam("of_id"), a.attendee_id == bindparam("of_attendee"))
_FIND = select(*ATTENDEE).where(*_OF)
_LIST = (
    select(*ATTENDEE)
    .where(a.meeting_id == bindparam("of_id"), a.position > bindparam("after"))
    .order_by(a.position)
    .limit(bindparam("count"))
)
_DELETE = delete(meeting_attendees).where(*_OF)
_COUNT_ONE_LESS = (
    update(meetings).where(m.id == bindparam("of_id")).values(attendees=m.attendees - 1)
)


class Attendees:
    """The life of attendees."""

    def __init__(
        self,
        *,
        store: Store,
        stage: Stage,
        notices: Notices,
        answers: Answers,
        tokens: PageTokens,
        changes: Changes,
    ) -> None:
        self._store = store
        self._stage = stage
        self._notices = notices
        self._answers = answers
        self._tokens = tokens
        self._changes = changes

    async def create(self, call: Call, request: CreateAttendeeRequestTypeDef) -> Output:
        wanted = requested(request.get("Capabilities"))

        async def work(transaction: Transaction) -> tuple[MeetingRecord, AttendeeRecord, bool]:
            meeting = await hold_live(transaction, call, request["MeetingId"])
            enrolment = Enrolment(transaction, meeting)
            enrolment.check(wanted)
            try:
                attendee = await enrolment.add(request["ExternalUserId"], wanted)
            except MeetingFull:
                raise limit_exceeded("attendees", meeting.most_attendees) from None
            await enrolment.close()
            return meeting, attendee, bool(enrolment.added)

        meeting, attendee, is_new = await self._store.write(work)
        if is_new:
            self._tell(meeting, attendee, ATTENDEE_ADDED)
        return {"Attendee": self._answers.attendee(meeting.meeting_id, attendee)}

    async def create_many(self, call: Call, request: BatchCreateAttendeeRequestTypeDef) -> Output:
        async def work(transaction: Transaction) -> tuple[MeetingRecord, Batch]:
            meeting = await hold_live(transaction, call, request["MeetingId"])
            return meeting, await Batch.enrol(transaction, meeting, request["Attendees"])

        meeting, batch = await self._store.write(work)
        for attendee in batch.added:
            self._tell(meeting, attendee, ATTENDEE_ADDED)
        return {
            "Attendees": self._answers.attendees(meeting.meeting_id, batch.attendees),
            "Errors": batch.errors,
        }

    async def list(self, call: Call, request: ListAttendeesRequestTypeDef) -> Output:
        size, token = request.get("MaxResults"), request.get("NextToken")
        page = Page(self._tokens, call, request["MeetingId"], size, token)
        meeting = await find_live(self._store, call, request["MeetingId"])
        of = {"of_id": meeting.meeting_id, **page.parameters}
        rows, more = page.cut(await self._store.fetch(_LIST, of), position_at=2)
        attendees = self._answers.attendees(meeting.meeting_id, map(attendee_record, rows))
        return {"Attendees": attendees, "NextToken": more}

    async def get(self, call: Call, request: GetAttendeeRequestTypeDef) -> Output:
        meeting = await find_live(self._store, call, request["MeetingId"])
        found = await self._store.fetch(_FIND, _of(meeting, request["AttendeeId"]))
        if not found:
            raise attendee_not_found(request["AttendeeId"])
        attendee = attendee_record(found[0])
        return {"Attendee": self._answers.attendee(meeting.meeting_id, attendee)}

    async def delete(self, call: Call, request: DeleteAttendeeRequestTypeDef) -> None:
        """Its client and content share are told in the background."""

        async def work(transaction: Transaction, meeting: MeetingRecord) -> AttendeeRecord:
            of = _of(meeting, request["AttendeeId"])
            found = await transaction.fetch(_FIND, of)
            if not found:
                raise attendee_not_found(request["AttendeeId"])
            await transaction.execute(_DELETE, of)
            await transaction.execute(_COUNT_ONE_LESS, {"of_id": meeting.meeting_id})
            return attendee_record(found[0])

        change = self._changes.change(call, request["MeetingId"], work)
        async with change as (meeting, attendee):
            self._stage.attendee_deleted(meeting.meeting_id, attendee.attendee_id)
        self._tell(meeting, attendee, ATTENDEE_DELETED)

    def _tell(self, meeting: MeetingRecord, attendee: AttendeeRecord, event_type: str) -> None:
        self._notices.know(meeting)
        self._notices.send(
            meeting.meeting_id, event_type, attendee.attendee_id, attendee.external_user_id
        )


def _of(meeting: MeetingRecord, attendee_id: str) -> dict[str, str]:
    return {"of_id": meeting.meeting_id, "of_attendee": attendee_id.lower()}
