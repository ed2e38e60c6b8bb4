from __future__ import annotations

from hubbub.meetings.signalling.throttle import Bucket


def test_a_burst_passes_and_then_the_rate() -> None:
    bucket = Bucket(rate=2, burst=3)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(10.5) for _ in range(2)] == [True, False]


def test_a_rest_gives_no_more_than_a_burst() -> None:
    bucket = Bucket(rate=2, burst=3)
    assert bucket.take(0.0, 3)
    assert not bucket.take(1000.0, 4)
    assert bucket.take(1000.0, 3)


def test_a_clock_that_stands_gives_nothing() -> None:
    bucket = Bucket(rate=2, burst=1)
    assert [bucket.take(5.0), bucket.take(5.0), bucket.take(4.0)] == [True, False, False]
