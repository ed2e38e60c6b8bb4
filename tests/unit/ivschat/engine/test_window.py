"""The sliding second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubbub.ivschat.engine.window import SlidingWindow


def test_ten_in_any_second() -> None:
    window = SlidingWindow(10)
    assert [window.take(n / 10) for n in range(10)] == [True] * 10
    assert not window.take(0.95)
    assert window.take(1.0)
    assert not window.take(1.05)
    assert window.take(1.1)


def test_a_burst_is_free_again_after_a_second() -> None:
    window = SlidingWindow(3)
    assert [window.take(5.0) for _ in range(5)] == [True, True, True, False, False]
    assert not window.take(5.999)
    assert [window.take(6.0) for _ in range(4)] == [True, True, True, False]


def test_zero_grants_everything() -> None:
    window = SlidingWindow(0)
    assert all(window.take(1.0) for _ in range(100))


@given(st.integers(1, 5), st.lists(st.floats(0, 0.5), max_size=60))
def test_never_more_than_the_limit_within_a_second(limit: int, pauses: list[float]) -> None:
    window = SlidingWindow(limit)
    now, granted = 0.0, list[float]()
    for pause in pauses:
        now += pause
        free = sum(1 for at in granted if now - at < 1.0) < limit
        assert window.take(now) is free
        if free:
            granted.append(now)
