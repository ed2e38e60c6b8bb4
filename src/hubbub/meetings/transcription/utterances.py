"""Cuts what one speaker says into utterances. Pure: samples and times in, utterances out.

One invariant: *samples belong to at most one utterance, and every utterance ends*: after a pause,
or after MAX_MS.
"""

from __future__ import annotations

import array
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from hubbub.meetings.transcription.contract import BYTES_PER_MS, RATE

FRAME_MS = 20
FRAME_BYTES = FRAME_MS * BYTES_PER_MS
VOICE_DBFS = -48.0  # quieter frames count as a pause
PAUSE_MS = 700  # ends an utterance
LEAD_MS = 240  # kept from before the first voice
LEAST_VOICE_MS = 160  # less is a click or a cough
MAX_MS = 20_000
JUMP_MS = 400  # samples that come later than expected by this leave a pause behind them


@dataclass(slots=True)
class Utterance:
    """Speech of one speaker. It grows until it is `final`."""

    start_ms: int  # epoch
    samples: bytearray
    voiced_ms: int = 0
    quiet_ms: int = 0  # at its end
    final: bool = False

    @property
    def end_ms(self) -> int:
        return self.start_ms + len(self.samples) // BYTES_PER_MS


class Utterances:
    """One speaker. `hear` and `pause` yield utterances that have ended."""

    def __init__(self) -> None:
        self.current: Utterance | None = None
        self._lead = bytearray()
        self._part = bytearray()  # less than a frame
        self._expected_ms = 0

    def hear(self, at_ms: int, samples: bytes) -> Iterator[Utterance]:
        """`at_ms`: epoch time of the first sample."""
        late_ms = at_ms - self._expected_ms if self._expected_ms else 0
        if late_ms >= JUMP_MS or (late_ms and self.current is None):
            yield from self.pause()
        whole = bytes(self._part) + samples
        start_ms = at_ms - len(self._part) // BYTES_PER_MS
        self._expected_ms = at_ms + len(samples) // BYTES_PER_MS
        used = len(whole) - len(whole) % FRAME_BYTES
        self._part = bytearray(whole[used:])
        for at in range(0, used, FRAME_BYTES):
            frame = whole[at : at + FRAME_BYTES]
            yield from self._frame(start_ms + at // BYTES_PER_MS, frame)

    def pause(self) -> Iterator[Utterance]:
        """Nothing has come for a while: the utterance under way, if any, has ended."""
        ended, self.current = self.current, None
        self._lead.clear()
        self._part.clear()
        if ended is not None and ended.voiced_ms >= LEAST_VOICE_MS:
            ended.final = True
            yield ended

    def _frame(self, at_ms: int, frame: bytes) -> Iterator[Utterance]:
        voiced = dbfs(frame) >= VOICE_DBFS
        current = self.current
        if current is None:
            if not voiced:
                self._lead += frame
                del self._lead[: -LEAD_MS * BYTES_PER_MS]
                return
            lead_ms = len(self._lead) // BYTES_PER_MS
            current = self.current = Utterance(at_ms - lead_ms, self._lead)
            self._lead = bytearray()
        current.samples += frame
        if voiced:
            current.voiced_ms += FRAME_MS
            current.quiet_ms = 0
        else:
            current.quiet_ms += FRAME_MS
        if current.quiet_ms >= PAUSE_MS or len(current.samples) >= MAX_MS * BYTES_PER_MS:
            yield from self.pause()


def dbfs(samples: bytes) -> float:
    """Level of 16-bit samples, 0 for full scale, -100 for silence."""
    values = array.array("h", samples)
    if sys.byteorder == "big":  # pragma: no cover
        values.byteswap()
    power = sum(value * value for value in values[::2]) / max(len(values[::2]), 1)
    return 10 * math.log10(power / 32768**2) if power > 0 else -100.0


assert FRAME_BYTES == RATE // 1000 * FRAME_MS * 2
