"""A transcription from its start to its end, with engines in their real process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.transcription import Speaker, Transcriptions, open_transcriptions
from tests.unit.meetings.transcription.test_utterances import silence, tone

ENGINES = "python:tests.unit.meetings.transcription.engines:"
ENGLISH = {"EngineTranscribeSettings": {"LanguageCode": "en-US"}}
KIM, ADA = Speaker("kim-id", "kim"), Speaker("ada-id", "ada")


class Meeting:
    """The host of one meeting: keeps what it is given."""

    def __init__(self) -> None:
        self.taps: list[bool] = []
        self.statuses: list[str] = []
        self.messages: list[str] = []
        self.results: list[pb.SdkTranscriptResult] = []
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        self.changed = asyncio.Event()

    def tap(self, meeting_id: str, on: bool) -> None:
        self.taps.append(on)
        self.changed.set()

    def deliver(self, meeting_id: str, frame: bytes) -> None:
        assert meeting_id == "m"
        for event in pb.SdkTranscriptFrame.FromString(frame).events:
            if event.HasField("status"):
                self.statuses.append(pb.SdkTranscriptionStatus.Type.Name(event.status.type))
                self.messages.append(event.status.message)
            self.results += event.transcript.results
        self.changed.set()

    def occurred(self, meeting_id: str, event_type: str, extra: Mapping[str, Any]) -> None:
        self.events.append((event_type.removeprefix("chime:Transcription"), extra))

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                self.changed.clear()
                await self.changed.wait()

    def finals(self) -> list[str]:
        return [one.alternatives[0].transcript for one in self.results if not one.is_partial]


class Stand:
    def __init__(self) -> None:
        self.meeting = Meeting()
        self.open: list[Transcriptions] = []

    def transcriptions(self, engine: str) -> Transcriptions:
        made = open_transcriptions(engine, self.meeting)
        self.open.append(made)
        return made


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    stand = Stand()
    yield stand
    for transcriptions in stand.open:
        await transcriptions.close()


async def started(stand: Stand, engine: str) -> Transcriptions:
    transcriptions = stand.transcriptions(ENGINES + engine)
    transcriptions.start("m", ENGLISH, "us-east-1")
    await stand.meeting.until(lambda: stand.meeting.taps == [True])
    assert stand.meeting.statuses == ["STARTED"]
    assert list(transcriptions.running) == ["m"]
    return transcriptions


async def test_two_speakers_are_told_apart(stand: Stand) -> None:
    meeting = stand.meeting
    transcriptions = await started(stand, "Counting")
    transcriptions.hear("m", KIM, 1_000, tone(1_500) + silence(1_000))
    transcriptions.hear("m", ADA, 1_200, tone(500) + silence(1_000))
    await meeting.until(lambda: len(meeting.finals()) == 2)
    assert {
        one.alternatives[0].items[0].speaker_external_user_id: one.alternatives[0].transcript
        for one in meeting.results
        if not one.is_partial
    } == {"kim": "1 2 3", "ada": "1 2"}
    transcriptions.stop("m")
    await meeting.until(lambda: meeting.statuses[-1] == "STOPPED")
    assert meeting.taps == [True, False]
    assert [name for name, _ in meeting.events] == ["Started", "Stopped"]


async def test_partial_results_are_refined_under_one_id(stand: Stand) -> None:
    meeting = stand.meeting
    transcriptions = await started(stand, "Counting")
    for at in range(0, 2_600, 200):
        transcriptions.hear("m", KIM, at, tone(200))
        if at in (1_200, 2_400):
            partials = 1 if at == 1_200 else 2
            await meeting.until(lambda count=partials: len(meeting.results) >= count)  # type: ignore[misc]
    transcriptions.hear("m", KIM, 2_600, silence(800))
    await meeting.until(lambda: len(meeting.finals()) == 1)
    assert [one.is_partial for one in meeting.results] == [True, True, False]
    assert len({one.result_id for one in meeting.results}) == 1


async def test_nothing_more_coming_ends_the_utterance(stand: Stand) -> None:
    transcriptions = await started(stand, "Counting")
    transcriptions.hear("m", KIM, 0, tone(500))
    await stand.meeting.until(lambda: stand.meeting.finals() == ["1"])


async def test_what_was_said_before_the_stop_is_delivered(stand: Stand) -> None:
    meeting = stand.meeting
    transcriptions = await started(stand, "Slow")
    transcriptions.hear("m", KIM, 0, tone(500))
    transcriptions.stop("m")
    await meeting.until(lambda: meeting.statuses[-1] == "STOPPED")
    assert meeting.finals() == ["1"]


async def test_an_engine_that_raises_interrupts_and_resumes(stand: Stand) -> None:
    meeting = stand.meeting
    transcriptions = await started(stand, "Moody")
    transcriptions.hear("m", KIM, 0, tone(500, 0.8) + silence(800))
    await meeting.until(lambda: meeting.statuses[-1] == "INTERRUPTED")
    assert "secret" not in meeting.messages[-1]
    transcriptions.hear("m", KIM, 5_000, tone(500) + silence(800))
    await meeting.until(lambda: bool(meeting.finals()))
    assert meeting.statuses == ["STARTED", "INTERRUPTED", "RESUMED"]


async def test_an_engine_that_dies_is_started_again(stand: Stand) -> None:
    meeting = stand.meeting
    transcriptions = await started(stand, "Moody")
    transcriptions.hear("m", KIM, 0, tone(500, 1.0) + silence(800))
    await meeting.until(lambda: meeting.statuses[-1] == "INTERRUPTED")
    transcriptions.hear("m", KIM, 5_000, tone(500) + silence(800))
    await meeting.until(lambda: bool(meeting.finals()))
    assert meeting.statuses == ["STARTED", "INTERRUPTED", "RESUMED"]


async def test_starting_anew_replaces_the_configuration(stand: Stand) -> None:
    meeting = stand.meeting
    transcriptions = await started(stand, "Counting")
    german = {"EngineTranscribeSettings": {"LanguageCode": "de-DE"}}
    transcriptions.start("m", german, "eu-central-1")
    await meeting.until(lambda: meeting.statuses == ["STARTED", "FAILED"])
    assert "does not know de-DE" in meeting.messages[-1]
    assert meeting.taps == [True, False]
    assert meeting.events[-1][1]["message"] == meeting.messages[-1]
    assert not transcriptions.running


async def test_without_an_engine_it_fails_with_a_message(stand: Stand) -> None:
    stand.transcriptions("off").start("m", ENGLISH, "us-east-1")
    await stand.meeting.until(lambda: stand.meeting.statuses == ["FAILED"])
    assert "setup-transcription" in stand.meeting.messages[0]


@pytest.mark.parametrize("engine", ["Broken", "Missing"])
async def test_an_engine_that_cannot_start_fails_it(stand: Stand, engine: str) -> None:
    stand.transcriptions(ENGINES + engine).start("m", ENGLISH, "us-east-1")
    await stand.meeting.until(lambda: stand.meeting.statuses == ["FAILED"])
    assert "does not work" in stand.meeting.messages[0]


async def test_a_meeting_that_ends_gets_nothing_more(stand: Stand) -> None:
    transcriptions = await started(stand, "Slow")
    transcriptions.hear("m", KIM, 0, tone(500) + silence(800))
    transcriptions.end("m")
    transcriptions.stop("m")
    transcriptions.hear("m", KIM, 2_000, tone(500))
    await asyncio.sleep(0.5)
    assert stand.meeting.results == []
    assert stand.meeting.statuses == ["STARTED"]
