"""Engines for tests of the process and of what is made of its answers: they read the samples."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from hubbub.meetings.transcription.contract import BYTES_PER_MS, Word


class Counting:
    """Says how long what it heard was: one word a started second, "1", "2", …"""

    languages: Sequence[str] = ("en-US",)

    def recognize(self, samples: bytes, language: str, *, final: bool) -> Sequence[Word]:
        print("engines print things")
        seconds = -(-len(samples) // (1_000 * BYTES_PER_MS))
        return [Word(str(at + 1), at * 1_000, at * 1_000 + 900, 0.5) for at in range(seconds)]


class Moody(Counting):
    """Raises at the first loud sample, dies at a louder one."""

    def recognize(self, samples: bytes, language: str, *, final: bool) -> Sequence[Word]:
        loudest = max(memoryview(samples).cast("h"), default=0)
        if loudest > 32_000:
            os._exit(1)
        if loudest > 20_000:
            raise ValueError("secret detail")
        return super().recognize(samples, language, final=final)


class Slow(Counting):
    def recognize(self, samples: bytes, language: str, *, final: bool) -> Sequence[Word]:
        time.sleep(0.3)
        return super().recognize(samples, language, final=final)


class Broken:
    def __init__(self) -> None:
        raise RuntimeError("no model")
