"""Where meetings cannot be held: their records are kept and told of, and nobody can join."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.stage import Meeting

NO_ENGINE = (
    "Meetings need the media engine, which is not installed: install the package hubbub-media"
    " (make setup builds it where there is a recent Rust toolchain)"
)
SEVERAL_WORKERS = "Meetings are held by one process: set workers to 1"


class Unstaged:
    """A `Stage` without live meetings; `reason` is what callers are told."""

    def __init__(self, reason: str = NO_ENGINE) -> None:
        self._reason = reason

    def why_unavailable(self) -> str | None:
        return self._reason

    def meeting_created(self, meeting: Meeting) -> None: ...

    def meeting_ended(self, meeting_id: str) -> None: ...

    def let_go(self, meeting_id: str) -> None: ...

    def attendee_deleted(self, meeting_id: str, attendee_id: str) -> None: ...

    def capabilities_changed(self, meeting_id: str, changed: Mapping[str, Capabilities]) -> None:
        """They are in the store, and hold whenever the attendee comes."""

    def transcription_started(
        self, meeting_id: str, configuration: Mapping[str, Any], region: str
    ) -> None: ...

    def transcription_stopped(self, meeting_id: str) -> None: ...

    def transcribed(self) -> Collection[str]:
        return ()

    def has_audio(self, meeting_id: str) -> bool:
        return False
