"""CreateMeeting, CreateMeetingWithAttendees, GetMeeting, DeleteMeeting (chime-meetings A.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, select

from hubbub.meetings.answers import Answers
from hubbub.meetings.arns import GUID
from hubbub.meetings.endings import KIND, Endings
from hubbub.meetings.enrolment import Batch, Item
from hubbub.meetings.errors import conflict, invalid, limit_exceeded, meeting_not_found
from hubbub.meetings.events import ATTENDEE_ADDED, MEETING_STARTED
from hubbub.meetings.features import is_high_definition
from hubbub.meetings.idempotency import Replayed, RequestToken
from hubbub.meetings.lifetime import Silence
from hubbub.meetings.notices import Notices
from hubbub.meetings.records import (
    LIVE,
    MEETING,
    MeetingRecord,
    find_live,
    hold_live,
    m,
    meeting_record,
    place,
)
from hubbub.meetings.replays import replayed
from hubbub.meetings.stage import Stage
from hubbub.settings import Limits
from hubbub.store import quotas
from hubbub.store.clock import Clock
from hubbub.store.columns import json_text, new_id, optional, tag_column
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import meetings
from hubbub.wire.service import Call, Output

if TYPE_CHECKING:
    from types_boto3_chime_sdk_meetings.type_defs import (
        CreateMeetingRequestTypeDef,
        CreateMeetingWithAttendeesRequestTypeDef,
        DeleteMeetingRequestTypeDef,
        GetMeetingRequestTypeDef,
    )

_INSERT = insert(meetings)
_FIND = select(*MEETING).where(*LIVE)
_REPLICAS = select(func.count()).where(m.primary_meeting_id == bindparam("of_id"), m.end_time == 0)


class Meetings:
    """The life of meetings."""

    def __init__(
        self,
        *,
        store: Store,
        stage: Stage,
        endings: Endings,
        notices: Notices,
        silence: Silence,
        answers: Answers,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._store = store
        self._stage = stage
        self._endings = endings
        self._notices = notices
        self._silence = silence
        self._answers = answers
        self._clock = clock
        self._limits = limits

    async def create(self, call: Call, request: CreateMeetingRequestTypeDef) -> Output:
        meeting, _ = await self._make(call, request, ())
        return {"Meeting": self._answers.meeting(call, meeting)}

    async def create_with_attendees(
        self, call: Call, request: CreateMeetingWithAttendeesRequestTypeDef
    ) -> Output:
        meeting, batch = await self._make(call, request, request["Attendees"])
        return {
            "Meeting": self._answers.meeting(call, meeting),
            "Attendees": self._answers.attendees(meeting.meeting_id, batch.attendees),
            "Errors": batch.errors,
        }

    async def get(self, call: Call, request: GetMeetingRequestTypeDef) -> Output:
        meeting = await find_live(self._store, call, request["MeetingId"])
        return {"Meeting": self._answers.meeting(call, meeting)}

    async def delete(self, call: Call, request: DeleteMeetingRequestTypeDef) -> None:
        """Its clients are told in the background."""
        if not await self._endings.end(place(call, request["MeetingId"])):
            await find_live(self._store, call, request["MeetingId"])  # says what is the matter
            raise meeting_not_found(request["MeetingId"])

    async def _make(
        self, call: Call, request: Any, items: Sequence[Item]
    ) -> tuple[MeetingRecord, Batch]:
        row = self._row(call, request)
        token = RequestToken.of(call.account_id, call.region, call.operation, request)

        async def work(transaction: Transaction) -> tuple[MeetingRecord, Batch]:
            await token.spend(transaction, row["id"], row["create_time"])
            if row["primary_meeting_id"]:
                await self._check_primary(transaction, call, row["primary_meeting_id"])
            owner = (call.account_id, call.region, KIND)
            if not await quotas.take(transaction, *owner, limit=self._limits.meetings):
                raise limit_exceeded("meetings", self._limits.meetings)
            await transaction.execute(_INSERT, row)
            found = await transaction.fetch(_FIND, place(call, row["id"]))
            meeting = meeting_record(found[0])
            return meeting, await Batch.enrol(transaction, meeting, items)

        try:
            meeting, batch = await self._store.write(work)
        except Replayed as earlier:
            return await self._replayed(call, earlier.meeting_id, items)
        self._silence.held_here(meeting.meeting_id)
        self._stage.meeting_created(meeting.live)
        self._notices.know(meeting)
        self._notices.send(meeting.meeting_id, MEETING_STARTED)
        for each in batch.added:
            self._notices.send(
                meeting.meeting_id, ATTENDEE_ADDED, each.attendee_id, each.external_user_id
            )
        return meeting, batch

    def _row(self, call: Call, request: Any) -> dict[str, Any]:
        given = request.get("MeetingFeatures")
        return {
            "id": new_id(),
            "account_id": call.account_id,
            "region": call.region,
            "external_meeting_id": request["ExternalMeetingId"],
            "media_region": request["MediaRegion"],
            "host_id": request.get("MeetingHostId", ""),
            "primary_meeting_id": request.get("PrimaryMeetingId", "").lower(),
            "tenant_ids": json_text(request.get("TenantIds") or []),
            "features": optional(given),
            "notifications": optional(request.get("NotificationsConfiguration")),
            "transcription": "",
            "create_time": self._clock.microseconds(),
            "end_time": 0,
            "most_attendees": self._most_attendees(given or {}),
            "attendees": 0,
            "attendees_made": 0,
            "tags": tag_column(request.get("Tags")),
        }

    def _most_attendees(self, features: Any) -> int:
        most = self._limits.attendees_per_meeting
        if is_high_definition(features):
            most = min(most, self._limits.attendees_per_high_definition_meeting)
        wanted: int = features.get("Attendee", {}).get("MaxCount", most)
        return min(most, wanted)

    async def _check_primary(self, transaction: Transaction, call: Call, meeting_id: str) -> None:
        if GUID.fullmatch(meeting_id) is None:  # the model does not demand it of this member
            raise meeting_not_found(meeting_id)
        primary = await hold_live(transaction, call, meeting_id)
        if primary.primary_meeting_id:
            raise invalid("PrimaryMeetingId", "must be of a meeting that is no replica itself")
        found = await transaction.fetch(_REPLICAS, {"of_id": meeting_id})
        if found[0][0] >= self._limits.replicas_per_meeting:
            raise limit_exceeded("replicas of a meeting", self._limits.replicas_per_meeting)

    async def _replayed(
        self, call: Call, meeting_id: str, items: Sequence[Item]
    ) -> tuple[MeetingRecord, Batch]:
        found = await self._store.fetch(_FIND, place(call, meeting_id))
        if not found:
            raise conflict("The meeting of this client request token is ending; try again")
        meeting = meeting_record(found[0])
        return meeting, await replayed(self._store, meeting, items)
