"""Python callables: where they run, what they may return, and what a hanging one costs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from hubbub.functions.contract import (
    FunctionAnswerInvalid,
    FunctionError,
    FunctionFailed,
    Functions,
    FunctionTimeout,
)
from tests.unit.functions import callables
from tests.unit.functions.conftest import ARN, Opener

HERE = "python:tests.unit.functions.callables:"


@pytest.fixture
def release() -> Iterator[None]:
    """Lets hanging callables go on at the end of the test."""
    callables.release.clear()
    yield
    callables.release.set()


async def patiently(functions: Functions) -> Any:
    """Calls again while calls are refused."""
    async with asyncio.timeout(5):
        while True:
            try:
                return await functions.invoke(ARN, {}, 5)
            except FunctionTimeout:
                await asyncio.sleep(0.005)


@pytest.mark.parametrize(("name", "in_thread"), [("echo", True), ("echo_async", False)])
async def test_gets_the_event_and_gives_the_answer(
    opened: Opener, name: str, in_thread: bool
) -> None:
    event = {"Content": "hi", "Attributes": {"a": "b"}}
    answer = await opened(review=HERE + name).invoke(ARN, event, 5)
    assert answer == {"event": event, "thread": in_thread}


@pytest.mark.parametrize(
    ("path", "answer"), [("reviewer.method", "method"), ("reviewer", "called")]
)
async def test_bound_methods_and_callable_objects(opened: Opener, path: str, answer: str) -> None:
    assert await opened(review=HERE + path).invoke(ARN, {}, 5) == answer


async def test_the_callers_event_is_not_touched(opened: Opener) -> None:
    event = {"Content": "hi"}
    assert await opened(review=HERE + "change_event").invoke(ARN, event, 5) is None
    assert event == {"Content": "hi"}


@pytest.mark.parametrize(
    ("content", "seen"),
    [("a\ud800b", "a\ufffdb"), ("\ud83d\ude00", "😀"), ("\0\x7f\u2028", "\0\x7f\u2028")],
)
async def test_odd_text_arrives_as_valid_json(opened: Opener, content: str, seen: str) -> None:
    answer: Any = await opened(review=HERE + "echo").invoke(ARN, {"Content": content}, 5)
    assert answer["event"] == {"Content": seen}


async def test_an_event_that_is_no_json_is_refused(opened: Opener) -> None:
    with pytest.raises(FunctionFailed):
        await opened(review=HERE + "echo").invoke(ARN, {"Content": object()}, 5)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("fail", FunctionFailed),
        ("fail_async", FunctionFailed),
        ("leave", FunctionFailed),
        ("leave_async", FunctionFailed),
        ("stop_iteration", FunctionFailed),
        ("time_out", FunctionFailed),
        ("cancel_itself", FunctionFailed),
        ("no_json", FunctionAnswerInvalid),
        ("no_json_async", FunctionAnswerInvalid),
        ("long_answer", FunctionAnswerInvalid),
    ],
)
async def test_failures(opened: Opener, name: str, error: type[FunctionError]) -> None:
    functions = opened(review=HERE + name)
    for _ in range(2):
        with pytest.raises(error):
            await functions.invoke(ARN, {}, 5)


@pytest.mark.parametrize("name", ["hang", "hang_async", "stubborn"])
async def test_time_holds_strictly(opened: Opener, release: None, name: str) -> None:
    functions = opened(review=HERE + name)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with pytest.raises(FunctionTimeout):
        await functions.invoke(ARN, {}, 0.05)
    assert loop.time() - begun < 0.25
    callables.release.set()
    await asyncio.sleep(0.02)


async def test_a_hanging_callable_starves_neither_others_nor_itself_for_good(
    opened: Opener, release: None
) -> None:
    functions = opened(review=HERE + "hang", other=HERE + "echo", concurrency=4)
    for _ in range(4):  # 16 hang, and no thread is made for any further one
        outcomes = await asyncio.gather(
            *(functions.invoke(ARN, {}, 0.05) for _ in range(4)), return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} == {FunctionTimeout}
    while callables.entered.acquire(blocking=False):
        pass
    with pytest.raises(FunctionTimeout, match="16 earlier calls"):
        await functions.invoke(ARN, {}, 5)
    assert not callables.entered.acquire(blocking=False)
    assert await functions.invoke(ARN.replace("review", "other"), {}, 5)

    callables.release.set()
    assert await patiently(functions) == "late"


async def test_stubborn_coroutines_are_bounded(opened: Opener, release: None) -> None:
    functions = opened(review=HERE + "stubborn", concurrency=16)
    outcomes = await asyncio.gather(
        *(functions.invoke(ARN, {}, 0.02) for _ in range(16)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {FunctionTimeout}
    with pytest.raises(FunctionTimeout, match="16 cancelled calls"):
        await functions.invoke(ARN, {}, 5)
    callables.release.set()
    assert await patiently(functions) is None
