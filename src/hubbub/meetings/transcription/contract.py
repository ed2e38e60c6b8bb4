"""The seam between live transcription and what recognises speech.

One invariant: *a recogniser hears one utterance of one speaker at a time and keeps nothing of it*.
It runs in a process of its own (`hubbub.meetings.transcription.worker`), so that neither its
appetite nor its faults reach the server.

Setting ``transcription``: ``whisper`` is the engine that ships, ``python:package.module:callable``
any other; the callable takes no argument and returns a `Recognizer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

SHIPPED = "whisper"
RATE = 16_000  # samples a second, mono, signed 16 bit little-endian
BYTES_PER_MS = RATE * 2 // 1000


class Word(msgspec.Struct, frozen=True):
    """One recognised word, punctuation that follows it included."""

    text: str  # without surrounding spaces
    start_ms: int  # from the beginning of the utterance
    end_ms: int
    confidence: float  # 0 to 1


class Recognizer(Protocol):
    """Recognises speech. Its calls may block; it is used by one thread."""

    languages: Sequence[str]
    """Language codes it knows, as the API names them: ``en-US``."""

    def recognize(self, samples: bytes, language: str, *, final: bool) -> Sequence[Word]:
        """The words of an utterance, or of its beginning when it is not `final`."""
        ...
