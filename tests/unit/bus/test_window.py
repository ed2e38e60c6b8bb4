"""The sliding second against a model that remembers everything."""

from __future__ import annotations

from bisect import bisect_right

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.bus import Limit
from hubbub.bus.window import EXACT, MILLISECOND, SECOND, SlidingWindows

steps = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 250, 999, 100_000, 333_333, 999_999, SECOND, 3 * SECOND]),
        st.lists(st.sampled_from("abc"), max_size=3, unique=True),
    ),
    max_size=60,
)
rates = st.fixed_dictionaries({key: st.integers(0, 4) for key in "abc"})


class Naive:
    """Every admission ever, looked through each time."""

    def __init__(self) -> None:
        self.admitted: dict[str, list[int]] = {key: [] for key in "abc"}

    def admit(self, limits: list[Limit], now: int) -> Limit | None:
        for limit in limits:
            recent = [at for at in self.admitted[limit.key] if now - at < SECOND]
            if len(recent) >= limit.per_second:
                return limit
        for limit in limits:
            self.admitted[limit.key].append(now)
        return None


@settings(max_examples=400, deadline=None)
@given(steps, rates)
def test_exact_limits_decide_as_the_model_does(
    course: list[tuple[int, list[str]]], per_second: dict[str, int]
) -> None:
    windows, naive, now = SlidingWindows(), Naive(), 1_000_000_000
    for wait, keys in course:
        now += wait
        limits = [Limit(key, per_second[key]) for key in keys]
        assert windows.admit(limits, now) == naive.admit(limits, now)


@settings(max_examples=200, deadline=None)
@given(steps, st.data())
def test_limits_may_change_from_one_moment_to_the_next(
    course: list[tuple[int, list[str]]], data: st.DataObject
) -> None:
    windows, naive, now = SlidingWindows(), Naive(), 1_000_000_000
    for wait, keys in course:
        now += wait
        limits = [Limit(key, data.draw(st.integers(0, 5))) for key in keys]
        assert windows.admit(limits, now) == naive.admit(limits, now)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([1, 7, 40, 480, 20_000]), min_size=1, max_size=300))
def test_great_limits_never_admit_more_and_lag_by_a_millisecond_at_most(waits: list[int]) -> None:
    windows, now = SlidingWindows(), 1_000_000_000
    limit = Limit("busy", EXACT + 1)
    admitted: list[int] = []
    for wait in waits:
        now += wait
        for _ in range(50):
            in_second = len(admitted) - bisect_right(admitted, now - SECOND)
            in_longer = len(admitted) - bisect_right(admitted, now - SECOND - MILLISECOND)
            if windows.admit([limit], now) is None:
                assert in_second < limit.per_second
                admitted.append(now)
            else:
                assert in_longer >= limit.per_second


def test_memory_for_great_limits_is_bounded_by_milliseconds() -> None:
    windows, limit = SlidingWindows(), Limit("busy", 1_000_000)
    for number in range(100_000):
        assert windows.admit([limit], 1_000_000_000 + number * 50) is None
    assert len(windows._keys["busy"].moments) <= 1_002


@pytest.mark.parametrize("keys_at_once", [1, 3])
def test_idle_keys_are_forgotten(keys_at_once: int) -> None:
    windows = SlidingWindows()
    for number in range(30_000):
        limits = [Limit(f"{number} {part}", 10) for part in range(keys_at_once)]
        windows.admit(limits, 1_000_000_000 + number * 1_000)
    assert len(windows) <= 1_001 * keys_at_once


def test_refusals_leave_no_trace() -> None:
    windows = SlidingWindows()
    for number in range(1_000):
        assert windows.admit([Limit(f"{number}", 5), Limit("closed", 0)], 1) is not None
    assert len(windows) == 0


def test_no_limits_admit() -> None:
    assert SlidingWindows().admit([], 0) is None
