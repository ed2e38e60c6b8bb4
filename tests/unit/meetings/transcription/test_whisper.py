"""The engine that ships, on speech that Debian's flite speaks."""

from __future__ import annotations

import re
import subprocess
import wave
from pathlib import Path

from hubbub.meetings.transcription import Speaker
from hubbub.meetings.transcription.contract import RATE
from tests.unit.meetings.transcription.test_service import ENGLISH, Stand, stand
from tests.unit.meetings.transcription.test_utterances import silence

__all__ = ["stand"]  # the fixture

SENTENCE = "Please open the quarterly report and turn to the second page."


def spoken(text: str, directory: Path) -> bytes:
    """Speech at 16 kHz, mono."""
    path = directory / "speech.wav"
    subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(path)], check=True)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
        return bytes(file.readframes(file.getnframes()))


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


async def test_it_writes_down_a_sentence(stand: Stand, tmp_path: Path) -> None:
    meeting = stand.meeting
    transcriptions = stand.transcriptions("whisper")
    transcriptions.start("m", ENGLISH, "us-east-1")
    await meeting.until(lambda: meeting.taps == [True])
    transcriptions.hear("m", Speaker("kim-id", "kim"), 0, spoken(SENTENCE, tmp_path))
    transcriptions.hear("m", Speaker("kim-id", "kim"), 60_000, silence(1_000))
    await meeting.until(lambda: bool(meeting.finals()))
    heard = words_of(meeting.finals()[0])
    wanted = words_of(SENTENCE)
    assert len(set(wanted) & set(heard)) >= 0.8 * len(set(wanted)), heard
    items = meeting.results[-1].alternatives[0].items
    assert all(one.start_time <= one.end_time for one in items)
    assert all(0 < one.confidence <= 1 for one in items)
