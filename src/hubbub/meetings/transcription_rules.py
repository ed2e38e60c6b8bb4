"""Which TranscriptionConfiguration is refused, and where it takes place (chime-meetings A.9). Pure.

Settings that are well-formed but that no engine can serve together are not refused here: the call
succeeds, and that the transcription failed is told later (`hubbub.meetings.transcription`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hubbub.wire.errors import Failure

Settings = Mapping[str, Any]

GENERAL = "EngineTranscribeSettings"
MEDICAL = "EngineTranscribeMedicalSettings"


def failures(configuration: Settings) -> Iterator[Failure]:
    """Why the request is refused."""
    if (GENERAL in configuration) == (MEDICAL in configuration):
        yield Failure(
            "TranscriptionConfiguration", f"must have exactly one of {GENERAL} and {MEDICAL}"
        )
        return
    settings = configuration.get(GENERAL)
    if settings is not None and ("LanguageCode" in settings) == _identifies(settings):
        yield Failure(
            f"TranscriptionConfiguration.{GENERAL}",
            "must have exactly one of LanguageCode and IdentifyLanguage",
        )


def region_of(configuration: Settings, media_region: str) -> str:
    """Where the engine works: the Region given, else and for "auto" the meeting's MediaRegion."""
    settings: Settings = configuration.get(GENERAL) or configuration.get(MEDICAL) or {}
    region: str = settings.get("Region", "auto")
    return media_region if region == "auto" else region


def _identifies(settings: Settings) -> bool:
    return bool(settings.get("IdentifyLanguage"))
