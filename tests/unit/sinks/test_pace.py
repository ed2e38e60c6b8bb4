"""Back-off and threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hubbub.sinks.pace import backoff, in_thread


@pytest.mark.parametrize(
    ("failures", "longest"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (10_000, 60)]
)
def test_back_off_doubles_up_to_a_minute(failures: int, longest: float) -> None:
    assert backoff(failures, 1.0) == longest
    assert backoff(failures, 0.0) == longest / 2


async def test_work_runs_in_a_thread_and_its_error_comes_back() -> None:
    names: list[str] = []
    await in_thread(lambda: names.append(threading.current_thread().name))
    assert names == ["hubbub-delivery"]

    def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await in_thread(fail)


async def test_a_thread_that_hangs_can_be_left() -> None:
    release = threading.Event()

    def hang() -> None:
        release.wait(30)

    task = asyncio.create_task(in_thread(hang))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()
    await asyncio.sleep(0.01)
