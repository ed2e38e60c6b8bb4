"""Callables that the tests register as functions."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from typing import Any

release = threading.Event()
entered = threading.Semaphore(0)


def echo(event: dict[str, Any]) -> dict[str, Any]:
    return {"event": event, "thread": threading.current_thread() is not threading.main_thread()}


async def echo_async(event: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(0)
    return {"event": event, "thread": threading.current_thread() is not threading.main_thread()}


def change_event(event: dict[str, Any]) -> None:
    event.clear()


class Reviewer:
    def method(self, event: dict[str, Any]) -> str:
        return "method"

    async def __call__(self, event: dict[str, Any]) -> str:
        return "called"


reviewer = Reviewer()


def fail(event: dict[str, Any]) -> None:
    raise ValueError("no")


async def fail_async(event: dict[str, Any]) -> None:
    raise ValueError("no")


def leave(event: dict[str, Any]) -> None:
    sys.exit(3)


async def leave_async(event: dict[str, Any]) -> None:
    sys.exit(3)


def stop_iteration(event: dict[str, Any]) -> None:
    raise StopIteration


async def time_out(event: dict[str, Any]) -> None:
    raise TimeoutError("a time-out of its own")


async def cancel_itself(event: dict[str, Any]) -> None:
    raise asyncio.CancelledError


def no_json(event: dict[str, Any]) -> object:
    return object()


async def no_json_async(event: dict[str, Any]) -> object:
    return object()


def long_answer(event: dict[str, Any]) -> str:
    return "x" * 5_000


def hang(event: dict[str, Any]) -> str:
    """Until `release` is set."""
    entered.release()
    release.wait(30)
    return "late"


async def hang_async(event: dict[str, Any]) -> None:
    await asyncio.Event().wait()


async def stubborn(event: dict[str, Any]) -> None:
    """Ignores being cancelled until `release` is set."""
    while not release.is_set():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


def two_arguments(event: dict[str, Any], context: object) -> None: ...


not_callable = 3
