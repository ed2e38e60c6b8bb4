"""What one speaker says is cut at pauses, and nothing of it is counted twice."""

from __future__ import annotations

import array
import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from hubbub.meetings.transcription.contract import BYTES_PER_MS, RATE
from hubbub.meetings.transcription.utterances import (
    JUMP_MS,
    LEAD_MS,
    MAX_MS,
    PAUSE_MS,
    Utterance,
    Utterances,
    dbfs,
)


def tone(ms: int, level: float = 0.3) -> bytes:
    count = RATE * ms // 1000
    return array.array(
        "h", (int(32767 * level * math.sin(0.3 * at)) for at in range(count))
    ).tobytes()


def silence(ms: int) -> bytes:
    return bytes(ms * BYTES_PER_MS)


def hear(utterances: Utterances, at_ms: int, samples: bytes, piece: int = 100) -> list[Utterance]:
    ended: list[Utterance] = []
    step = piece * BYTES_PER_MS
    for at in range(0, len(samples), step):
        ended += utterances.hear(at_ms + at // BYTES_PER_MS, samples[at : at + step])
    return ended


def test_levels_are_dbfs() -> None:
    assert dbfs(silence(20)) == -100.0
    assert dbfs(tone(200, 1.0)) == -3.0103 or abs(dbfs(tone(200, 1.0)) + 3.01) < 0.1


def test_a_pause_ends_an_utterance_which_keeps_a_lead() -> None:
    utterances = Utterances()
    ended = hear(utterances, 10_000, silence(1_000) + tone(600) + silence(1_000))
    assert [(one.start_ms, one.final, one.voiced_ms) for one in ended] == [
        (11_000 - LEAD_MS, True, 600)
    ]
    assert ended[0].end_ms == 11_600 + PAUSE_MS
    assert utterances.current is None


def test_a_click_is_no_utterance() -> None:
    assert hear(Utterances(), 0, silence(300) + tone(60) + silence(1_000)) == []


def test_whoever_never_pauses_is_cut() -> None:
    ended = hear(Utterances(), 0, tone(MAX_MS + 500))
    assert [len(one.samples) for one in ended] == [MAX_MS * BYTES_PER_MS]


def test_time_that_jumps_is_a_pause() -> None:
    utterances = Utterances()
    assert hear(utterances, 0, tone(500)) == []
    (ended,) = hear(utterances, 500 + JUMP_MS, tone(200))
    assert ended.start_ms == 0
    assert utterances.current is not None
    assert utterances.current.start_ms == 500 + JUMP_MS


def test_pause_from_outside_ends_what_was_said() -> None:
    utterances = Utterances()
    assert list(utterances.pause()) == []
    hear(utterances, 0, tone(500))
    assert [one.final for one in utterances.pause()] == [True]


def test_pieces_need_not_be_whole_frames() -> None:
    utterances = Utterances()
    samples = tone(1_000)
    ended = hear(utterances, 0, samples + silence(1_000), piece=33)
    assert bytes(ended[0].samples[: len(samples)]) == samples


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 900), st.integers(0, 1_500)), max_size=12))
def test_no_sample_is_in_two_utterances(parts: list[tuple[bool, int, int]]) -> None:
    utterances = Utterances()
    ended: list[Utterance] = []
    now = 0
    for loud, ms, gap in parts:
        ended += hear(utterances, now, tone(ms) if loud else silence(ms))
        now += ms + gap
    ended += utterances.pause()
    for before, after in itertools.pairwise(ended):
        assert before.end_ms <= after.start_ms
    assert all(one.final for one in ended)
    assert sum(len(one.samples) for one in ended) <= sum(ms for _, ms, _ in parts) * BYTES_PER_MS
