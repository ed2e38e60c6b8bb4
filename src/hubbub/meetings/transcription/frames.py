"""SdkTranscriptFrames (chime-meetings A.9, B.3), as they go out on ``aws:chime:transcription``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.transcription.configuration import Plan
from hubbub.meetings.transcription.contract import Word

STATUSES = {
    "STARTED": pb.SdkTranscriptionStatus.STARTED,
    "INTERRUPTED": pb.SdkTranscriptionStatus.INTERRUPTED,
    "RESUMED": pb.SdkTranscriptionStatus.RESUMED,
    "STOPPED": pb.SdkTranscriptionStatus.STOPPED,
    "FAILED": pb.SdkTranscriptionStatus.FAILED,
}
_PUNCTUATION = re.compile(r"(.*?)([.,!?;:]*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Speaker:
    attendee_id: str
    external_user_id: str


def status_frame(
    status: str, at_ms: int, region: str, configuration: Mapping[str, Any], message: str = ""
) -> bytes:
    """`status`: one of STATUSES. `message` says why, on FAILED and INTERRUPTED."""
    frame = pb.SdkTranscriptFrame()
    told = frame.events.add().status
    told.type = STATUSES[status]
    told.event_time = at_ms
    told.transcription_region = region
    told.transcription_configuration = orjson.dumps(configuration).decode()
    if message:
        told.message = message
    return frame.SerializeToString()


@dataclass(frozen=True, slots=True)
class Result:
    """What one speaker said, as far as it is known."""

    result_id: str  # the same for all results that refine one utterance
    speaker: Speaker
    start_ms: int  # epoch
    end_ms: int
    words: Sequence[Word]  # their times count from `start_ms`
    stable: int | None = None  # how many of the words will not change; None: all, it is final


def transcript_frame(told: Result, plan: Plan) -> bytes:
    frame = pb.SdkTranscriptFrame()
    result = frame.events.add().transcript.results.add()
    result.result_id = told.result_id
    result.channel_id = "ch_0"
    result.is_partial = told.stable is not None
    result.start_time, result.end_time = told.start_ms, told.end_ms
    if plan.identified:
        result.language_code = plan.language
        result.language_identification.add(language_code=plan.language, score=1.0)
    alternative = result.alternatives.add()
    alternative.transcript = " ".join(word.text for word in told.words)
    for at, word in enumerate(told.words):
        match = _PUNCTUATION.match(word.text)
        assert match is not None
        spoken, marks = match.groups()
        pieces = [(spoken, pb.SdkTranscriptItem.PRONUNCIATION, word.start_ms)] if spoken else []
        pieces += [(mark, pb.SdkTranscriptItem.PUNCTUATION, word.end_ms) for mark in marks]
        for content, kind, start_ms in pieces:
            alternative.items.add(
                content=content,
                type=kind,
                start_time=told.start_ms + start_ms,
                end_time=told.start_ms + word.end_ms,
                speaker_attendee_id=told.speaker.attendee_id,
                speaker_external_user_id=told.speaker.external_user_id,
                confidence=word.confidence,
                stable=told.stable is None or at < told.stable,
                vocabulary_filter_match=False,
            )
    return frame.SerializeToString()


def settled_words(before: Sequence[Word], now: Sequence[Word]) -> int:
    """How many words at the beginning of `now` stood there before: those are taken as stable."""
    count = 0
    for old, new in zip(before, now, strict=False):
        if old.text != new.text:
            break
        count += 1
    return count
