"""What a live stage does for transcriptions (`hubbub.meetings.transcription.Host`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.meetings.live.stage import LiveStage


class TranscriptionHost:
    def __init__(self, stage: LiveStage) -> None:
        self._stage = stage

    def tap(self, meeting_id: str, on: bool) -> None:
        self._stage.tap(meeting_id, on)

    def deliver(self, meeting_id: str, frame: bytes) -> None:
        self._stage.deliver(meeting_id, frame)

    def occurred(self, meeting_id: str, event_type: str, extra: Mapping[str, Any]) -> None:
        self._stage.directory.occurred(meeting_id, event_type, extra=extra)
