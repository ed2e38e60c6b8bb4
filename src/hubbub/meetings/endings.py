"""The end of meetings, however it comes about (chime-meetings A.8).

Two invariants: *a meeting ends once, and its replicas with it*; *nothing of an ended meeting is
left but its id*, for a day, so that late clients are told what has become of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from hubbub.meetings.directory import MeetingDirectory
from hubbub.meetings.events import MEETING_ENDED
from hubbub.meetings.notices import Notices
from hubbub.meetings.records import LIVE, MEETING, MeetingRecord, a, m, meeting_record
from hubbub.meetings.stage import Stage
from hubbub.meetings.turns import Turns
from hubbub.store import quotas
from hubbub.store.clock import Clock
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import meeting_attendees, meetings

KIND = "meeting"
"""Of the quota."""

_HOLD = select(*MEETING).where(*LIVE).with_for_update()
_HOLD_REPLICAS = (
    select(*MEETING)
    .where(m.primary_meeting_id == bindparam("of_id"), m.end_time == 0)
    .order_by(m.id)
    .with_for_update()
)
_END = (
    update(meetings)
    .where(m.id == bindparam("of_id"))
    .values(end_time=bindparam("now"), attendees=0, transcription="", tags="{}")
)
_DELETE_ATTENDEES = delete(meeting_attendees).where(a.meeting_id == bindparam("of_id"))


class Endings:
    """Ends meetings: durably first, then for those who are in them."""

    def __init__(
        self,
        *,
        store: Store,
        stage: Stage,
        directory: MeetingDirectory,
        notices: Notices,
        turns: Turns,
        clock: Clock,
    ) -> None:
        self._store = store
        self._stage = stage
        self._directory = directory
        self._notices = notices
        self._turns = turns
        self._clock = clock

    async def end(self, of: Mapping[str, str]) -> bool:
        """End the meeting that the parameters of `records.place` name; False if none lives."""

        async def work(transaction: Transaction) -> list[MeetingRecord]:
            now = self._clock.microseconds()
            held = [*await transaction.fetch(_HOLD, of)]
            if held:
                held += await transaction.fetch(_HOLD_REPLICAS, {"of_id": of["of_id"]})
            ending = [meeting_record(row) for row in held]
            for meeting in ending:
                await _end(transaction, meeting, now)
            return ending

        async with self._turns.of(of["of_id"]):
            ended = await self._store.write(work)
            self._directory.changed()
            for meeting in ended:
                self._stage.meeting_ended(meeting.meeting_id)
                self._notices.know(meeting)
                self._notices.send(meeting.meeting_id, MEETING_ENDED)
                self._notices.forget(meeting.meeting_id)
        return bool(ended)


async def _end(transaction: Transaction, meeting: MeetingRecord, now: int) -> None:
    of: dict[str, Any] = {"of_id": meeting.meeting_id}
    await transaction.execute(_DELETE_ATTENDEES, of)
    await transaction.execute(_END, {**of, "now": now})
    await quotas.give_back(transaction, meeting.account_id, meeting.region, KIND)
