"""Which transcriptions start, and which fail with which message (chime-meetings A.9)."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.meetings.transcription.configuration import Plan, Refused, plan

ENGLISH = ("en-US", "en-GB")


def of(**settings: Any) -> Plan | Refused:
    return plan({"EngineTranscribeSettings": settings}, ENGLISH)


def test_a_known_language_is_planned() -> None:
    assert of(LanguageCode="en-GB") == Plan("en-GB", identified=False, stabilized=False)


def test_partial_results_may_be_stabilized() -> None:
    assert of(
        LanguageCode="en-US", EnablePartialResultsStabilization=True, PartialResultsStability="low"
    ) == Plan("en-US", identified=False, stabilized=True)


def test_medical_speech_is_planned_as_any_other() -> None:
    settings = {"LanguageCode": "en-US", "Specialty": "CARDIOLOGY", "Type": "DICTATION"}
    assert plan({"EngineTranscribeMedicalSettings": settings}, ENGLISH) == Plan(
        "en-US", identified=False, stabilized=False
    )


def test_of_several_languages_one_that_is_known_is_taken() -> None:
    assert of(IdentifyLanguage=True, LanguageOptions="fr-FR,en-US") == Plan(
        "en-US", identified=True, stabilized=False
    )
    assert of(
        IdentifyLanguage=True, LanguageOptions="en-US,fr-FR", PreferredLanguage="en-US"
    ) == Plan("en-US", identified=True, stabilized=False)


def test_an_unknown_language_is_named() -> None:
    assert of(LanguageCode="ja-JP") == Refused(
        "The transcription engine does not know ja-JP; it knows en-US, en-GB."
    )


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"IdentifyLanguage": True}, "LanguageOptions"),
        ({"IdentifyLanguage": True, "LanguageOptions": "en-US"}, "at least two"),
        ({"IdentifyLanguage": True, "LanguageOptions": "en-US,en-GB"}, "one dialect"),
        (
            {
                "IdentifyLanguage": True,
                "LanguageOptions": "en-US,fr-FR",
                "PreferredLanguage": "de-DE",
            },
            "PreferredLanguage",
        ),
        *(
            ({"IdentifyLanguage": True, "LanguageOptions": "en-US,fr-FR", member: "x"}, member)
            for member in (
                "LanguageModelName",
                "ContentRedactionType",
                "VocabularyName",
                "VocabularyFilterName",
            )
        ),
        *(
            ({"LanguageCode": "en-US", member: "en-US,fr-FR"}, member)
            for member in (
                "LanguageOptions",
                "PreferredLanguage",
                "VocabularyNames",
                "VocabularyFilterNames",
            )
        ),
        (
            {
                "LanguageCode": "en-US",
                "ContentIdentificationType": "PII",
                "ContentRedactionType": "PII",
            },
            "exclude",
        ),
        ({"LanguageCode": "en-US", "PiiEntityTypes": "PIN"}, "PiiEntityTypes"),
        ({"LanguageCode": "en-US", "PartialResultsStability": "low"}, "Stabilization"),
        ({"LanguageCode": "en-US", "ContentRedactionType": "PII"}, "redact"),
        ({"LanguageCode": "en-US", "VocabularyName": "terms"}, "vocabularies"),
        ({}, "does not know"),
    ],
)
def test_what_cannot_be_done_is_refused(settings: dict[str, Any], word: str) -> None:
    refused = of(**settings)
    assert isinstance(refused, Refused)
    assert word in refused.message
