"""The recogniser's process: ``python -m hubbub.meetings.transcription.worker REFERENCE``.

Utterances come on stdin, answers go to stdout, both as `hubbub.meetings.transcription.wire` has
them. It ends when stdin does.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import IO, cast

from hubbub.meetings.transcription.contract import SHIPPED, Recognizer
from hubbub.meetings.transcription.wire import (
    HEADER,
    Answer,
    NotRecognized,
    Ready,
    Recognized,
    Unusable,
    decode_utterance,
    framed,
)

NICENESS = 10  # media and API come first


def load(reference: str) -> Recognizer:
    """Raises whatever the engine raises; ValueError for a reference of no known form."""
    if reference == SHIPPED:
        from hubbub.meetings.transcription.whisper import Whisper  # noqa: PLC0415

        return Whisper()
    kind, _, place = reference.partition(":")
    module, _, name = place.partition(":")
    if kind != "python" or not module or not name:
        raise ValueError(f"no engine {reference!r}")
    return cast("Recognizer", getattr(importlib.import_module(module), name)())


def serve(recognizer: Recognizer, source: IO[bytes], answers: IO[bytes]) -> None:
    """Answer utterances one by one until `source` ends."""
    while len(header := source.read(HEADER.size)) == HEADER.size:
        (length,) = HEADER.unpack(header)
        utterance = decode_utterance(source.read(length))
        answer: Answer
        try:
            words = recognizer.recognize(
                utterance.samples, utterance.language, final=utterance.final
            )
            answer = Recognized(utterance.id, list(words))
        except Exception as error:
            answer = NotRecognized(utterance.id, f"{type(error).__name__}: {error}")
        answers.write(framed(answer))
        answers.flush()


def main() -> None:
    os.nice(NICENESS)
    # What engines print must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        recognizer = load(sys.argv[1])
    except Exception as error:
        answers.write(framed(Unusable(f"{type(error).__name__}: {error}")))
        answers.flush()
        return
    answers.write(framed(Ready(list(recognizer.languages))))
    answers.flush()
    with contextlib.suppress(KeyboardInterrupt):
        serve(recognizer, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
