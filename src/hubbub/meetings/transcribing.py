"""StartMeetingTranscription, StopMeetingTranscription (chime-meetings A.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, update

from hubbub.meetings.changes import Changes
from hubbub.meetings.errors import limit_exceeded, unprocessable
from hubbub.meetings.records import LIVE, MeetingRecord, place
from hubbub.meetings.stage import Stage
from hubbub.meetings.transcription_rules import region_of
from hubbub.store.columns import json_text
from hubbub.store.contract import Transaction
from hubbub.store.tables import meetings
from hubbub.wire.service import Call

if TYPE_CHECKING:
    from types_boto3_chime_sdk_meetings.type_defs import (
        StartMeetingTranscriptionRequestTypeDef,
        StopMeetingTranscriptionRequestTypeDef,
    )

_SET = update(meetings).where(*LIVE).values(transcription=bindparam("new_transcription"))


class Transcriptions:
    """What is transcribed is kept with the meeting; the stage does the work and reports.

    `most` is how many meetings are transcribed here at a time. What was begun goes on after a
    restart, whatever it is then.
    """

    def __init__(self, *, stage: Stage, changes: Changes, most: int) -> None:
        self._stage = stage
        self._changes = changes
        self._most = most
        self._starting: set[str] = set()

    async def start(self, call: Call, request: StartMeetingTranscriptionRequestTypeDef) -> None:
        """Also while one is under way: it goes on with the new settings."""
        configuration = request["TranscriptionConfiguration"]

        async def work(transaction: Transaction, meeting: MeetingRecord) -> None:
            if meeting.primary_meeting_id:
                raise unprocessable("A replica is transcribed with its primary meeting")
            if not has_room:
                raise limit_exceeded("transcriptions at a time", self._most)
            region = region_of(configuration, meeting.media_region)
            kept = json_text({"configuration": configuration, "region": region})
            values = {"new_transcription": kept}
            await transaction.execute(_SET, {**place(call, meeting.meeting_id), **values})

        meeting_id = request["MeetingId"].lower()
        async with self._changes.turn(meeting_id):
            has_room = self._reserve(meeting_id)
            try:
                meeting, _ = await self._changes.commit(call, request["MeetingId"], work)
                self._stage.transcription_started(
                    meeting_id, configuration, region_of(configuration, meeting.media_region)
                )
            finally:
                self._starting.discard(meeting_id)

    def _reserve(self, meeting_id: str) -> bool:
        """Whether one more can be transcribed; others that start meanwhile count it."""
        others = self._starting.union(self._stage.transcribed()) - {meeting_id}
        if len(others) >= self._most:
            return False
        self._starting.add(meeting_id)
        return True

    async def stop(self, call: Call, request: StopMeetingTranscriptionRequestTypeDef) -> None:
        """Also when none is under way."""

        async def work(transaction: Transaction, meeting: MeetingRecord) -> None:
            values = {"new_transcription": ""}
            await transaction.execute(_SET, {**place(call, meeting.meeting_id), **values})

        async with self._changes.change(call, request["MeetingId"], work) as (meeting, _):
            self._stage.transcription_stopped(meeting.meeting_id)
