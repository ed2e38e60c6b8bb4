"""Which settings of a transcription go together (chime-meetings A.9). Pure.

A request with none or both of two that exclude each other is refused. Other combinations that no
engine can serve are accepted and reported later, as a transcription that failed: `fault` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hubbub.wire.errors import Failure

Settings = Mapping[str, Any]

GENERAL = "EngineTranscribeSettings"
MEDICAL = "EngineTranscribeMedicalSettings"
LANGUAGES = frozenset(
    (
        *("en-US", "en-GB", "es-US", "fr-CA", "fr-FR", "en-AU", "it-IT", "de-DE"),
        *("pt-BR", "ja-JP", "ko-KR", "zh-CN", "th-TH", "hi-IN"),
    )
)
PII_TYPES = frozenset(
    (
        *("ADDRESS", "BANK_ACCOUNT_NUMBER", "BANK_ROUTING", "CREDIT_DEBIT_CVV"),
        *("CREDIT_DEBIT_EXPIRY", "CREDIT_DEBIT_NUMBER", "EMAIL", "NAME", "PHONE", "PIN", "SSN"),
        "ALL",
    )
)


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


def fault(configuration: Settings) -> str | None:
    """Why no engine can work with these settings, which `failures` has let through."""
    settings = configuration.get(GENERAL)
    if settings is None:
        return None
    return next((text for is_at_fault, text in _FAULTS if is_at_fault(settings)), None)


def region_of(configuration: Settings, media_region: str) -> str:
    """Where the engine works: the Region given, else and for "auto" the meeting's MediaRegion."""
    settings: Settings = configuration.get(GENERAL) or configuration.get(MEDICAL) or {}
    region: str = settings.get("Region", "auto")
    return media_region if region == "auto" else region


def _identifies(settings: Settings) -> bool:
    return bool(settings.get("IdentifyLanguage"))


def _options(settings: Settings) -> list[str]:
    listed: str = settings.get("LanguageOptions", "")
    return [each for each in listed.split(",") if each]


def _only_with(identifies: bool, *members: str) -> Callable[[Settings], bool]:
    return lambda settings: (
        _identifies(settings) is not identifies and any(each in settings for each in members)
    )


def _bad_options(settings: Settings) -> bool:
    if "LanguageOptions" not in settings:
        return False
    options = _options(settings)
    languages = {each.partition("-")[0] for each in options}
    return len(options) < 2 or len(languages) < len(options) or not LANGUAGES.issuperset(options)


def _bad_preference(settings: Settings) -> bool:
    preferred = settings.get("PreferredLanguage")
    return preferred is not None and preferred not in _options(settings)


def _bad_entities(settings: Settings) -> bool:
    if "PiiEntityTypes" not in settings:
        return False
    named = {each.strip() for each in settings["PiiEntityTypes"].split(",")}
    return not named <= PII_TYPES


def _entities_alone(settings: Settings) -> bool:
    return "PiiEntityTypes" in settings and not (
        "ContentIdentificationType" in settings or "ContentRedactionType" in settings
    )


_FAULTS: tuple[tuple[Callable[[Settings], bool], str], ...] = (
    (
        _only_with(False, "LanguageModelName", "ContentRedactionType"),
        "LanguageModelName and ContentRedactionType cannot be used with IdentifyLanguage",
    ),
    (
        _only_with(False, "VocabularyName", "VocabularyFilterName"),
        "VocabularyName and VocabularyFilterName cannot be used with IdentifyLanguage",
    ),
    (
        _only_with(True, "VocabularyNames", "VocabularyFilterNames"),
        "VocabularyNames and VocabularyFilterNames need IdentifyLanguage",
    ),
    (
        _only_with(True, "LanguageOptions", "PreferredLanguage"),
        "LanguageOptions and PreferredLanguage need IdentifyLanguage",
    ),
    (
        _bad_options,
        "LanguageOptions must name at least two languages, one dialect of each",
    ),
    (_bad_preference, "PreferredLanguage must be one of LanguageOptions"),
    (
        lambda settings: (
            "ContentIdentificationType" in settings and "ContentRedactionType" in settings
        ),
        "ContentIdentificationType and ContentRedactionType exclude each other",
    ),
    (
        _entities_alone,
        "PiiEntityTypes needs ContentIdentificationType or ContentRedactionType",
    ),
    (_bad_entities, f"PiiEntityTypes must be some of {', '.join(sorted(PII_TYPES))}"),
    (
        lambda settings: (
            "PartialResultsStability" in settings
            and not settings.get("EnablePartialResultsStabilization")
        ),
        "PartialResultsStability needs EnablePartialResultsStabilization",
    ),
)
"""Is it so? -> what is wrong then. The first that holds is told."""
