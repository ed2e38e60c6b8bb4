"""The list of a CreateMeetingWithAttendees that was answered before, answered again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from hubbub.meetings.enrolment import Batch, Item
from hubbub.meetings.records import ATTENDEE, MeetingRecord, a, attendee_record
from hubbub.meetings.rules import id_fault
from hubbub.store.contract import Reader

_ALL = select(*ATTENDEE).where(a.meeting_id == bindparam("of_id")).order_by(a.position)


async def replayed(reader: Reader, meeting: MeetingRecord, items: Sequence[Item]) -> Batch:
    """The attendees that are there of those who were made, and the errors of before.

    The first attendees of a new meeting are as many as it is for, so that the list alone tells who
    found no place.
    """
    batch = Batch()
    if not items:
        return batch
    rows = await reader.fetch(_ALL, {"of_id": meeting.meeting_id})
    there = {each.external_user_id: each for each in map(attendee_record, rows)}
    placed: set[str] = set()
    for item in items:
        external_user_id: str = item["ExternalUserId"]
        if fault := id_fault(external_user_id):
            batch.refuse_id(external_user_id, fault)
            continue
        if external_user_id not in placed and len(placed) >= meeting.most_attendees:
            batch.refuse_full(external_user_id, meeting)
            continue
        placed.add(external_user_id)
        if external_user_id in there:
            batch.attendees.append(there[external_user_id])
    return batch
