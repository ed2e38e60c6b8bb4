"""Which transcriptions an engine can do: rules of chime-meetings A.9 that need no engine to tell.

A pure table. What is refused here is not an error of the API's call: it is answered 200, and a
status FAILED with the message follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do."""

    language: str  # "en-US"
    identified: bool  # the language was found out of LanguageOptions, so results name it
    stabilized: bool  # partial results say which of their items will not change


@dataclass(frozen=True, slots=True)
class Refused:
    message: str


_Settings = Mapping[str, Any]


def _options(settings: _Settings) -> list[str]:
    return [code for code in str(settings.get("LanguageOptions", "")).split(",") if code]


def _repeats_a_language(settings: _Settings) -> bool:
    languages = [code.partition("-")[0] for code in _options(settings)]
    return len(set(languages)) != len(languages)


def _both(first: str, second: str) -> Callable[[_Settings], bool]:
    return lambda settings: bool(settings.get(first)) and bool(settings.get(second))


def _without(first: str, needed: str) -> Callable[[_Settings], bool]:
    return lambda settings: bool(settings.get(first)) and not settings.get(needed)


COMBINATIONS: Sequence[tuple[Callable[[_Settings], bool], str]] = (
    *(
        (
            _both("IdentifyLanguage", member),
            f"{member} cannot be used together with IdentifyLanguage.",
        )
        for member in (
            "LanguageModelName",
            "ContentRedactionType",
            "VocabularyName",
            "VocabularyFilterName",
        )
    ),
    *(
        (_without(member, "IdentifyLanguage"), f"{member} needs IdentifyLanguage.")
        for member in (
            "LanguageOptions",
            "PreferredLanguage",
            "VocabularyNames",
            "VocabularyFilterNames",
        )
    ),
    (
        _without("IdentifyLanguage", "LanguageOptions"),
        "IdentifyLanguage needs LanguageOptions.",
    ),
    (
        lambda settings: bool(settings.get("LanguageOptions")) and len(_options(settings)) < 2,
        "LanguageOptions must hold at least two language codes.",
    ),
    (_repeats_a_language, "LanguageOptions may hold one dialect of a language only."),
    (
        lambda settings: (
            bool(settings.get("PreferredLanguage"))
            and settings["PreferredLanguage"] not in _options(settings)
        ),
        "PreferredLanguage must be one of LanguageOptions.",
    ),
    (
        _both("ContentIdentificationType", "ContentRedactionType"),
        "ContentIdentificationType and ContentRedactionType exclude each other.",
    ),
    (
        lambda settings: (
            bool(settings.get("PiiEntityTypes"))
            and not settings.get("ContentIdentificationType")
            and not settings.get("ContentRedactionType")
        ),
        "PiiEntityTypes needs ContentIdentificationType or ContentRedactionType.",
    ),
    (
        _without("PartialResultsStability", "EnablePartialResultsStabilization"),
        "PartialResultsStability needs EnablePartialResultsStabilization.",
    ),
)
"""Pairs of members that do not go together, whatever the engine."""

# To leave out or to show what was asked to be hidden would be worse than to refuse.
BEYOND: Sequence[tuple[str, str]] = (
    ("ContentIdentificationType", "does not identify sensitive content"),
    ("ContentRedactionType", "does not redact sensitive content"),
    ("LanguageModelName", "has no custom language models"),
    ("VocabularyName", "has no custom vocabularies"),
    ("VocabularyNames", "has no custom vocabularies"),
    ("VocabularyFilterName", "has no vocabulary filters"),
    ("VocabularyFilterNames", "has no vocabulary filters"),
)
"""What no engine behind the seam can do."""


def plan(configuration: Mapping[str, Any], languages: Sequence[str]) -> Plan | Refused:
    """`configuration`: the API's TranscriptionConfiguration, valid in itself."""
    settings: _Settings = (
        configuration.get("EngineTranscribeSettings")
        or configuration.get("EngineTranscribeMedicalSettings")
        or {}
    )
    for is_wrong, message in COMBINATIONS:
        if is_wrong(settings):
            return Refused(message)
    for member, lack in BEYOND:
        if settings.get(member):
            return Refused(f"The transcription engine {lack} ({member}).")
    stabilized = bool(settings.get("EnablePartialResultsStabilization"))
    if settings.get("IdentifyLanguage"):
        preferred = settings.get("PreferredLanguage")
        wanted = [preferred, *_options(settings)] if preferred else _options(settings)
    else:
        wanted = [str(settings.get("LanguageCode", ""))]
    for language in wanted:
        if language in languages:
            return Plan(str(language), bool(settings.get("IdentifyLanguage")), stabilized)
    return Refused(
        f"The transcription engine does not know {', '.join(filter(None, wanted))}; it knows"
        f" {', '.join(languages)}."
    )
