"""Frames of transcripts read back as clients read them."""

from __future__ import annotations

import orjson

from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.transcription.configuration import Plan
from hubbub.meetings.transcription.contract import Word
from hubbub.meetings.transcription.frames import (
    Result,
    Speaker,
    settled_words,
    status_frame,
    transcript_frame,
)

KIM = Speaker("kim-id", "kim")
WORDS = (Word("Good", 0, 200, 0.9), Word("morning,", 200, 700, 0.8), Word("...", 700, 800, 0.1))
PLAIN = Plan("en-US", identified=False, stabilized=False)


def read(frame: bytes) -> pb.SdkTranscriptFrame:
    return pb.SdkTranscriptFrame.FromString(frame)


def test_a_final_result_has_words_and_punctuation_of_its_speaker() -> None:
    frame = read(transcript_frame(Result("r1", KIM, 1_000, 1_900, WORDS), PLAIN))
    (result,) = frame.events[0].transcript.results
    assert (result.result_id, result.is_partial) == ("r1", False)
    assert (result.start_time, result.end_time) == (1_000, 1_900)
    assert not result.language_code
    (alternative,) = result.alternatives
    assert alternative.transcript == "Good morning, ..."
    mark, word = pb.SdkTranscriptItem.PUNCTUATION, pb.SdkTranscriptItem.PRONUNCIATION
    assert [(item.content, item.type, item.start_time) for item in alternative.items] == [
        ("Good", word, 1_000),
        ("morning", word, 1_200),
        (",", mark, 1_700),
        (".", mark, 1_800),
        (".", mark, 1_800),
        (".", mark, 1_800),
    ]
    assert {item.speaker_attendee_id for item in alternative.items} == {"kim-id"}
    assert {item.speaker_external_user_id for item in alternative.items} == {"kim"}
    assert all(item.stable for item in alternative.items)


def test_a_partial_result_says_what_is_stable() -> None:
    plan = Plan("en-US", identified=True, stabilized=True)
    frame = read(transcript_frame(Result("r1", KIM, 0, 900, WORDS[:2], stable=1), plan))
    (result,) = frame.events[0].transcript.results
    assert result.is_partial
    assert [item.stable for item in result.alternatives[0].items] == [True, False, False]
    assert result.language_code == "en-US"
    assert [one.language_code for one in result.language_identification] == ["en-US"]


def test_words_that_stayed_are_settled() -> None:
    assert settled_words((), WORDS) == 0
    assert settled_words(WORDS[:2], WORDS) == 2
    assert settled_words((WORDS[0], Word("night", 0, 1, 1.0)), WORDS) == 1


def test_a_status_carries_the_configuration_as_json() -> None:
    configuration = {"EngineTranscribeSettings": {"LanguageCode": "en-US"}}
    frame = read(status_frame("FAILED", 5, "us-east-1", configuration, "no engine"))
    status = frame.events[0].status
    assert status.type == pb.SdkTranscriptionStatus.FAILED
    assert (status.event_time, status.transcription_region) == (5, "us-east-1")
    assert orjson.loads(status.transcription_configuration) == configuration
    assert status.message == "no engine"
