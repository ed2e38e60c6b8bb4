"""The recogniser's process as the server sees it: started when first needed, again when it dies.

One invariant: *every `recognize` is answered or raises*. They are answered in turn, and what waits
is bounded in bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import sys
from collections.abc import Sequence

from hubbub.meetings.transcription.contract import RATE, Word
from hubbub.meetings.transcription.wire import (
    HEADER,
    Answer,
    NotRecognized,
    Ready,
    Recognized,
    Unusable,
    Utterance,
    decode_answer,
    framed,
)

logger = logging.getLogger("hubbub.meetings.transcription")

START_SECONDS = 60.0
RECOGNIZE_SECONDS = 60.0
BACKLOG_BYTES = 2 * RATE * 300  # five minutes of speech
MAX_ANSWER_BYTES = 4_194_304


class EngineUnavailable(Exception):
    """There is no engine, or it cannot start. The text is for the user."""


class RecognitionFailed(Exception):
    """This utterance was not recognised: the process died, was too slow, or raised."""


class Overloaded(RecognitionFailed):
    """More is being said than the engine keeps up with."""


class Recognizers:
    """One process with one recogniser, shared by all meetings of the server."""

    def __init__(self, reference: str) -> None:
        """`reference`: ``whisper`` or ``python:package.module:callable``."""
        self.reference = reference
        self._ids = itertools.count(1)
        self._process: asyncio.subprocess.Process | None = None
        self._languages: tuple[str, ...] = ()
        self._turn = asyncio.Lock()
        self._waiting_bytes = 0
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """A partial utterance would have to wait."""
        return self._waiting_bytes > 0

    async def languages(self) -> Sequence[str]:
        """Starts the process if it is not running. Raises EngineUnavailable."""
        async with self._turn:
            await self._running()
        return self._languages

    async def recognize(self, samples: bytes, language: str, *, final: bool) -> Sequence[Word]:
        """Raises EngineUnavailable, RecognitionFailed."""
        if self._waiting_bytes + len(samples) > BACKLOG_BYTES:
            raise Overloaded("more is being said than the transcription engine keeps up with")
        self._waiting_bytes += len(samples)
        try:
            async with self._turn:
                process = await self._running()
                message = Utterance(next(self._ids), language, final, samples)
                try:
                    async with asyncio.timeout(RECOGNIZE_SECONDS):
                        answer = await self._ask(process, message)
                except (OSError, EOFError, TimeoutError) as error:
                    self._forget()
                    raise RecognitionFailed(
                        f"the transcription engine ended or hung ({type(error).__name__})"
                    ) from error
                except asyncio.CancelledError:
                    self._forget()  # it would answer a question that nobody waits for
                    raise
        finally:
            self._waiting_bytes -= len(samples)
        if isinstance(answer, Recognized):
            return answer.words
        reason = answer.reason if isinstance(answer, NotRecognized) else "no answer"
        logger.warning("recognition failed", extra={"error": reason})
        raise RecognitionFailed("the transcription engine failed on an utterance")

    async def close(self) -> None:
        self._closed = True
        self._forget()
        if self._ending:
            await asyncio.wait(self._ending)

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        if self._closed:
            raise EngineUnavailable("the server is stopping")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hubbub.meetings.transcription.worker",
            self.reference,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server
        )
        self._process = process
        try:
            async with asyncio.timeout(START_SECONDS):
                answer = await _read(process)
        except (EOFError, TimeoutError) as error:
            self._forget()
            raise EngineUnavailable("the transcription engine does not start") from error
        except asyncio.CancelledError:
            self._forget()
            raise
        if not isinstance(answer, Ready):
            reason = answer.reason if isinstance(answer, Unusable) else "unexpected answer"
            logger.warning("no transcription engine", extra={"error": reason})
            self._forget()
            raise EngineUnavailable(
                f"The transcription engine {self.reference!r} is not installed or does not work."
                " Install it with `make setup-transcription`, or set `transcription` to another."
            )
        self._languages = tuple(answer.languages)
        return process

    async def _ask(self, process: asyncio.subprocess.Process, message: Utterance) -> Answer:
        assert process.stdin is not None
        process.stdin.write(framed(message))
        await process.stdin.drain()
        return await _read(process)

    def _forget(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            task = asyncio.get_running_loop().create_task(_end(process))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()  # closes its pipes, too


async def _read(process: asyncio.subprocess.Process) -> Answer:
    assert process.stdout is not None
    header = await process.stdout.readexactly(HEADER.size)
    (length,) = HEADER.unpack(header)
    if length > MAX_ANSWER_BYTES:
        raise EOFError("oversized answer")
    answer: Answer = decode_answer(await process.stdout.readexactly(length))
    return answer
