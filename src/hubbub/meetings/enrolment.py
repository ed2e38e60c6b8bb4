"""Attendees join the list of a meeting, one or many in a transaction (chime-meetings A.6).

Two invariants: *an ExternalUserId has one attendee in a meeting*; *a meeting has at most as many
attendees as it is for*. Both hold because the meeting's row is held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from hubbub.meetings.capabilities import DEFAULTS, Capabilities, refusal
from hubbub.meetings.errors import invalid
from hubbub.meetings.records import ATTENDEE, AttendeeRecord, MeetingRecord, a, attendee_record
from hubbub.meetings.rules import id_fault, requested
from hubbub.store.columns import new_id
from hubbub.store.contract import Transaction
from hubbub.store.tables import meeting_attendees, meetings

_FIND = select(*ATTENDEE).where(
    a.meeting_id == bindparam("of_id"), a.external_user_id == bindparam("of_user")
)
_INSERT = insert(meeting_attendees)
_COUNT = (
    update(meetings)
    .where(meetings.c.id == bindparam("of_id"))
    .values(attendees=bindparam("there_are"), attendees_made=bindparam("there_were"))
)

Item = Mapping[str, Any]
"""A CreateAttendeeRequestItem."""


class MeetingFull(Exception):
    """There are as many attendees as the meeting is for."""


class Enrolment:
    """Adds attendees to a meeting whose row is held. `added` are those who were not there."""

    def __init__(self, transaction: Transaction, meeting: MeetingRecord) -> None:
        self._transaction = transaction
        self._meeting = meeting
        self.added: list[AttendeeRecord] = []

    def check(self, wanted: Capabilities | None) -> None:
        """Raises ValidationFailure for capabilities that this meeting refuses."""
        if wanted and (text := refusal(wanted, self._meeting.features.media)):
            raise invalid("Capabilities", f"are not possible: {text}")

    async def add(self, external_user_id: str, wanted: Capabilities | None) -> AttendeeRecord:
        """The attendee with this id: that of before, whatever is wanted now, or a new one.

        Raises MeetingFull.
        """
        meeting_id = self._meeting.meeting_id
        of = {"of_id": meeting_id, "of_user": external_user_id}
        found = await self._transaction.fetch(_FIND, of)
        if found:
            return attendee_record(found[0])
        if self._meeting.attendees + len(self.added) >= self._meeting.most_attendees:
            raise MeetingFull
        made = AttendeeRecord(
            attendee_id=new_id(),
            external_user_id=external_user_id,
            position=self._meeting.attendees_made + len(self.added),
            capabilities=wanted or DEFAULTS[self._meeting.features.media],
        )
        await self._transaction.execute(
            _INSERT,
            {
                "meeting_id": meeting_id,
                "attendee_id": made.attendee_id,
                "external_user_id": made.external_user_id,
                "position": made.position,
                "audio": made.capabilities.audio,
                "video": made.capabilities.video,
                "content": made.capabilities.content,
            },
        )
        self.added.append(made)
        return made

    async def close(self) -> None:
        """Write how many there are now."""
        if self.added:
            counts = {
                "of_id": self._meeting.meeting_id,
                "there_are": self._meeting.attendees + len(self.added),
                "there_were": self._meeting.attendees_made + len(self.added),
            }
            await self._transaction.execute(_COUNT, counts)


class Batch:
    """What became of the items of a list: attendees, and an error for each of the others."""

    def __init__(self) -> None:
        self.attendees: list[AttendeeRecord] = []
        self.errors: list[dict[str, str]] = []
        self.added: Sequence[AttendeeRecord] = ()

    @classmethod
    async def enrol(
        cls, transaction: Transaction, meeting: MeetingRecord, items: Sequence[Item]
    ) -> Batch:
        """Raises ValidationFailure, and then none is added."""
        enrolment, batch = Enrolment(transaction, meeting), cls()
        wishes = [requested(item.get("Capabilities")) for item in items]
        for wanted in wishes:
            enrolment.check(wanted)
        for item, wanted in zip(items, wishes, strict=True):
            external_user_id: str = item["ExternalUserId"]
            if fault := id_fault(external_user_id):
                batch.refuse_id(external_user_id, fault)
                continue
            try:
                batch.attendees.append(await enrolment.add(external_user_id, wanted))
            except MeetingFull:
                batch.refuse_full(external_user_id, meeting)
        await enrolment.close()
        batch.added = enrolment.added
        return batch

    def refuse_id(self, external_user_id: str, fault: str) -> None:
        self._fail(external_user_id, "BadRequest", f"ExternalUserId {fault}")

    def refuse_full(self, external_user_id: str, meeting: MeetingRecord) -> None:
        text = f"The limit of {meeting.most_attendees} attendees is reached"
        self._fail(external_user_id, "LimitExceeded", text)

    def _fail(self, external_user_id: str, code: str, message: str) -> None:
        self.errors.append(
            {"ExternalUserId": external_user_id, "ErrorCode": code, "ErrorMessage": message}
        )
