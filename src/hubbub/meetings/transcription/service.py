"""Live transcriptions: what speakers say goes in, SdkTranscriptFrames come out (A.9).

A meeting's transcription is STARTED, then INTERRUPTED and RESUMED as its engine comes and goes, and
in the end STOPPED or FAILED; each is told to its clients and to the subscribers of its events.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from hubbub.meetings.transcription.configuration import Plan, Refused, plan
from hubbub.meetings.transcription.contract import BYTES_PER_MS, Word
from hubbub.meetings.transcription.frames import (
    Result,
    Speaker,
    settled_words,
    status_frame,
    transcript_frame,
)
from hubbub.meetings.transcription.recognizers import (
    EngineUnavailable,
    RecognitionFailed,
    Recognizers,
)
from hubbub.meetings.transcription.utterances import PAUSE_MS, Utterance, Utterances

logger = logging.getLogger("hubbub.meetings.transcription")

PARTIAL_MS = 1_200  # of new speech between two partial results
NO_ENGINE = (
    "No transcription engine is installed on this server. Install one with"
    " `make setup-transcription`, or name one with the setting `transcription`."
)
EVENTS = {
    "STARTED": "chime:TranscriptionStarted",
    "STOPPED": "chime:TranscriptionStopped",
    "INTERRUPTED": "chime:TranscriptionInterrupted",
    "RESUMED": "chime:TranscriptionResumed",
    "FAILED": "chime:TranscriptionFailed",
}


class Host(Protocol):
    """What a live meeting does for its transcription."""

    def tap(self, meeting_id: str, on: bool) -> None:
        """Let `Transcriptions.hear` have what the meeting's speakers say, or no longer."""
        ...

    def deliver(self, meeting_id: str, frame: bytes) -> None:
        """Send a serialised SdkTranscriptFrame to every attendee."""
        ...

    def occurred(self, meeting_id: str, event_type: str, extra: Mapping[str, Any]) -> None:
        """A lifecycle event (A.11)."""
        ...


@dataclass(frozen=True, slots=True)
class Started:
    """What StartMeetingTranscription asked for."""

    meeting_id: str
    configuration: Mapping[str, Any]
    region: str


class Transcriptions:
    """All transcriptions of a server. `now_ms` gives epoch milliseconds."""

    def __init__(
        self, recognizers: Recognizers | None, host: Host, now_ms: Callable[[], int]
    ) -> None:
        """`recognizers` None: there is no engine, and every start fails with a message."""
        self._recognizers = recognizers
        self._host = host
        self._now_ms = now_ms
        self._running: dict[str, _Transcription] = {}

    def start(self, meeting_id: str, configuration: Mapping[str, Any], region: str) -> None:
        """Start, or go on with another configuration. Returns at once."""
        self.end(meeting_id)
        started = Started(meeting_id, configuration, region)
        transcription = _Transcription(started, self._recognizers, self._host, self._now_ms)
        self._running[meeting_id] = transcription
        transcription.spawn(self._begin(meeting_id, transcription))

    async def _begin(self, meeting_id: str, transcription: _Transcription) -> None:
        if not await transcription.begin() and self._running.get(meeting_id) is transcription:
            del self._running[meeting_id]

    @property
    def running(self) -> Collection[str]:
        """The meetings that are transcribed now; not those whose transcription has failed."""
        return self._running.keys()

    def stop(self, meeting_id: str) -> None:
        """What was said before is still recognised and delivered, then STOPPED."""
        transcription = self._running.pop(meeting_id, None)
        if transcription is not None:
            transcription.stop()

    def end(self, meeting_id: str) -> None:
        """The meeting is over or transcribed anew: nothing more comes of this one."""
        transcription = self._running.pop(meeting_id, None)
        if transcription is not None:
            transcription.abandon()

    def hear(self, meeting_id: str, speaker: Speaker, at_ms: int, samples: bytes) -> None:
        """A piece of speech: 16 kHz mono, signed 16 bit; `at_ms` is the time of its beginning."""
        transcription = self._running.get(meeting_id)
        if transcription is not None:
            transcription.hear(speaker, at_ms, samples)

    async def close(self) -> None:
        for meeting_id in list(self._running):
            self.end(meeting_id)
        if self._recognizers is not None:
            await self._recognizers.close()


class _Spoken:
    """One speaker of a transcription."""

    def __init__(self) -> None:
        self.utterances = Utterances()
        self.result_id = ""  # of the utterance under way, once something was told of it
        self.partial: tuple[Word, ...] = ()
        self.partial_bytes = 0  # how much of the utterance the last partial result covers
        self.pause: asyncio.TimerHandle | None = None
        self.turn = asyncio.Lock()  # results of one speaker come in order


class _Transcription:
    def __init__(
        self,
        started: Started,
        recognizers: Recognizers | None,
        host: Host,
        now_ms: Callable[[], int],
    ) -> None:
        self._meeting_id = started.meeting_id
        self._configuration = started.configuration
        self._region = started.region
        self._recognizers = recognizers
        self._host = host
        self._now_ms = now_ms
        self._plan: Plan | None = None
        self._interrupted = False
        self._speakers: dict[Speaker, _Spoken] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def begin(self) -> bool:
        """STARTED, or FAILED and False."""
        if self._recognizers is None:
            self._tell("FAILED", NO_ENGINE)
            return False
        try:
            languages = await self._recognizers.languages()
        except EngineUnavailable as error:
            self._tell("FAILED", str(error))
            return False
        planned = plan(self._configuration, languages)
        if isinstance(planned, Refused):
            self._tell("FAILED", planned.message)
            return False
        self._plan = planned
        self._tell("STARTED")
        self._host.tap(self._meeting_id, True)
        return True

    def hear(self, speaker: Speaker, at_ms: int, samples: bytes) -> None:
        if self._plan is None:
            return
        spoken = self._speakers.get(speaker)
        if spoken is None:
            spoken = self._speakers[speaker] = _Spoken()
        for utterance in spoken.utterances.hear(at_ms, samples):
            self._finish(speaker, spoken, utterance)
        if spoken.pause is not None:
            spoken.pause.cancel()
        delay = PAUSE_MS / 1000
        spoken.pause = asyncio.get_running_loop().call_later(delay, self._pause, speaker, spoken)
        self._consider_partial(speaker, spoken)

    def stop(self) -> None:
        self._host.tap(self._meeting_id, False)
        for speaker, spoken in self._speakers.items():
            self._pause(speaker, spoken)
        self.spawn(self._stopped(tuple(self._tasks)))

    def abandon(self) -> None:
        self._host.tap(self._meeting_id, False)
        self._silence()
        for task in self._tasks:
            task.cancel()

    async def _stopped(self, others: tuple[asyncio.Task[None], ...]) -> None:
        if others:
            await asyncio.wait(others)
        self._silence()
        if self._plan is not None:
            self._tell("STOPPED")

    def _silence(self) -> None:
        for spoken in self._speakers.values():
            if spoken.pause is not None:
                spoken.pause.cancel()
                spoken.pause = None

    def _pause(self, speaker: Speaker, spoken: _Spoken) -> None:
        for utterance in spoken.utterances.pause():
            self._finish(speaker, spoken, utterance)

    def _finish(self, speaker: Speaker, spoken: _Spoken, utterance: Utterance) -> None:
        result_id = spoken.result_id or str(uuid.uuid4())
        spoken.result_id, spoken.partial, spoken.partial_bytes = "", (), 0
        self.spawn(self._final(speaker, spoken, utterance, result_id))

    def _consider_partial(self, speaker: Speaker, spoken: _Spoken) -> None:
        current = spoken.utterances.current
        assert self._recognizers is not None
        if (
            current is None
            or len(current.samples) - spoken.partial_bytes < PARTIAL_MS * BYTES_PER_MS
            or self._recognizers.is_busy
        ):
            return
        spoken.result_id = spoken.result_id or str(uuid.uuid4())
        spoken.partial_bytes = len(current.samples)
        self.spawn(self._partial(speaker, spoken, current, bytes(current.samples)))

    async def _final(
        self, speaker: Speaker, spoken: _Spoken, utterance: Utterance, result_id: str
    ) -> None:
        async with spoken.turn:
            words = await self._recognize(bytes(utterance.samples), final=True)
            if words:
                assert self._plan is not None
                result = Result(result_id, speaker, utterance.start_ms, utterance.end_ms, words)
                self._host.deliver(self._meeting_id, transcript_frame(result, self._plan))

    async def _partial(
        self, speaker: Speaker, spoken: _Spoken, utterance: Utterance, samples: bytes
    ) -> None:
        async with spoken.turn:
            if utterance.final:
                return
            words = await self._recognize(samples, final=False)
            if not words or utterance.final:
                return
            assert self._plan is not None
            stable = settled_words(spoken.partial, words) if self._plan.stabilized else 0
            spoken.partial = words
            end_ms = utterance.start_ms + len(samples) // BYTES_PER_MS
            result = Result(spoken.result_id, speaker, utterance.start_ms, end_ms, words, stable)
            self._host.deliver(self._meeting_id, transcript_frame(result, self._plan))

    async def _recognize(self, samples: bytes, *, final: bool) -> tuple[Word, ...]:
        assert self._recognizers is not None
        assert self._plan is not None
        try:
            words = await self._recognizers.recognize(samples, self._plan.language, final=final)
        except (EngineUnavailable, RecognitionFailed) as error:
            if not self._interrupted:
                self._interrupted = True
                self._tell("INTERRUPTED", str(error))
            return ()
        if self._interrupted:
            self._interrupted = False
            self._tell("RESUMED")
        return tuple(words)

    def _tell(self, status: str, message: str = "") -> None:
        frame = status_frame(status, self._now_ms(), self._region, self._configuration, message)
        self._host.deliver(self._meeting_id, frame)
        extra: dict[str, Any] = {
            "transcriptionRegion": self._region,
            "transcriptionConfiguration": orjson.dumps(self._configuration).decode(),
        }
        if message and status == "FAILED":
            extra["message"] = message
        self._host.occurred(self._meeting_id, EVENTS[status], extra)
