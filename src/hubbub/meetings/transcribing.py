"""StartMeetingTranscription, StopMeetingTranscription (chime-meetings A.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, update

from hubbub.meetings.columns import json_text
from hubbub.meetings.directory import MeetingDirectory
from hubbub.meetings.errors import unprocessable
from hubbub.meetings.notices import Notices
from hubbub.meetings.records import LIVE, MeetingRecord, hold_live, place
from hubbub.meetings.stage import Stage
from hubbub.meetings.transcription_rules import region_of
from hubbub.meetings.turns import Turns
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import meetings
from hubbub.wire.service import Call

if TYPE_CHECKING:
    from types_boto3_chime_sdk_meetings.type_defs import (
        StartMeetingTranscriptionRequestTypeDef,
        StopMeetingTranscriptionRequestTypeDef,
    )

_SET = update(meetings).where(*LIVE).values(transcription=bindparam("new_transcription"))


class Transcriptions:
    """What is transcribed is kept with the meeting; the stage does the work and reports."""

    def __init__(
        self,
        *,
        store: Store,
        stage: Stage,
        directory: MeetingDirectory,
        notices: Notices,
        turns: Turns,
    ) -> None:
        self._store = store
        self._stage = stage
        self._directory = directory
        self._notices = notices
        self._turns = turns

    async def start(self, call: Call, request: StartMeetingTranscriptionRequestTypeDef) -> None:
        """Also while one is under way: it goes on with the new settings."""
        configuration = request["TranscriptionConfiguration"]

        async def work(transaction: Transaction) -> MeetingRecord:
            meeting = await hold_live(transaction, call, request["MeetingId"])
            if meeting.primary_meeting_id:
                raise unprocessable("A replica is transcribed with its primary meeting")
            region = region_of(configuration, meeting.media_region)
            kept = json_text({"configuration": configuration, "region": region})
            values = {"new_transcription": kept}
            await transaction.execute(_SET, {**place(call, meeting.meeting_id), **values})
            return meeting

        async with self._turns.of(request["MeetingId"].lower()):
            meeting = await self._store.write(work)
            self._notices.know(meeting)
            self._directory.changed()
            self._stage.transcription_started(
                meeting.meeting_id, configuration, region_of(configuration, meeting.media_region)
            )

    async def stop(self, call: Call, request: StopMeetingTranscriptionRequestTypeDef) -> None:
        """Also when none is under way."""

        async def work(transaction: Transaction) -> MeetingRecord:
            meeting = await hold_live(transaction, call, request["MeetingId"])
            values = {"new_transcription": ""}
            await transaction.execute(_SET, {**place(call, meeting.meeting_id), **values})
            return meeting

        async with self._turns.of(request["MeetingId"].lower()):
            meeting = await self._store.write(work)
            self._notices.know(meeting)
            self._directory.changed()
            self._stage.transcription_stopped(meeting.meeting_id)
