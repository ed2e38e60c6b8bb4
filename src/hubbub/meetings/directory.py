"""The control plane's answers to the stage (chime-meetings B.1, A.11).

One invariant: *what `admit` returns holds when its caller goes on*: an answer that was being read
while a change was told to the stage is read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, bindparam, select

from hubbub.meetings.events import OF_AUDIO
from hubbub.meetings.holding import Holding, Taken
from hubbub.meetings.join_tokens import JoinClaims, JoinTokens
from hubbub.meetings.lifetime import Silence
from hubbub.meetings.notices import Notices
from hubbub.meetings.records import (
    ATTENDEE,
    MEETING,
    MeetingRecord,
    a,
    attendee_record,
    m,
    meeting_record,
)
from hubbub.meetings.stage import Admitted, Elsewhere, Ended
from hubbub.store.contract import Store
from hubbub.store.tables import meeting_attendees, meetings

_FIND = (
    select(*MEETING, *ATTENDEE)
    .select_from(meetings)
    .outerjoin(
        meeting_attendees,
        and_(a.meeting_id == m.id, a.attendee_id == bindparam("of_attendee")),
    )
    .where(m.id == bindparam("of_id"))
)
_FIND_PRIMARY = select(*MEETING).where(m.id == bindparam("of_id"), m.end_time == 0)


class MeetingDirectory:
    """The `Directory` of the stage's contract."""

    def __init__(
        self,
        *,
        store: Store,
        tokens: JoinTokens,
        notices: Notices,
        silence: Silence,
        holding: Holding,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._notices = notices
        self._silence = silence
        self._holding = holding
        self._changes = 0

    def changed(self) -> None:
        """The stage is being told of a change, whichever it is."""
        self._changes += 1

    async def is_known(self, join_token: str) -> bool:
        """Whether somebody comes with this token, or came to a meeting that has ended."""
        claims = self._tokens.open(join_token)
        return claims is not None and await self._read(claims) is not None

    async def admit(self, join_token: str) -> Admitted | Elsewhere | Ended | None:
        claims = self._tokens.open(join_token)
        if claims is None:
            return None
        while True:
            changes = self._changes
            found = await self._read(claims)
            if isinstance(found, Admitted):
                meeting_id = (found.primary or found.meeting).meeting_id
                taken = await self._holding.take(meeting_id)
                if taken is Taken.NOT:
                    return Elsewhere(meeting_id)
                if taken is Taken.NOW:
                    continue
                self._silence.held_here(meeting_id)
            if changes == self._changes:
                return found

    def occurred(
        self,
        meeting_id: str,
        event_type: str,
        attendee_id: str | None = None,
        external_user_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        if event_type in OF_AUDIO:
            self._silence.heard(meeting_id)
        self._notices.send(meeting_id, event_type, attendee_id, external_user_id, extra)

    async def _read(self, claims: JoinClaims) -> Admitted | Ended | None:
        of = {"of_id": claims.meeting_id, "of_attendee": claims.attendee_id}
        rows = await self._store.fetch(_FIND, of)
        if not rows:
            return None
        meeting = meeting_record(rows[0][: len(MEETING)])
        if meeting.end_time:
            return Ended(meeting.meeting_id)
        row = rows[0][len(MEETING) :]
        if row[0] is None:
            return None
        primary = await self._primary(meeting)
        if primary is None and meeting.primary_meeting_id:
            return Ended(meeting.meeting_id)
        self._notices.know(meeting)
        attendee = attendee_record(row)
        return Admitted(
            meeting=meeting.live,
            attendee=attendee.live,
            capabilities=attendee.capabilities,
            primary=primary.live if primary else None,
            transcription=(primary or meeting).transcription,
        )

    async def _primary(self, meeting: MeetingRecord) -> MeetingRecord | None:
        if not meeting.primary_meeting_id:
            return None
        rows = await self._store.fetch(_FIND_PRIMARY, {"of_id": meeting.primary_meeting_id})
        return meeting_record(rows[0]) if rows else None
