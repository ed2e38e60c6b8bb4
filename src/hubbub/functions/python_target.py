"""``python:package.module:callable``: called with the event as a dict, returns the answer.

Coroutine functions run on the event loop and must not block it. All others run in threads.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import orjson

from hubbub.functions.contract import FunctionAnswerInvalid, FunctionFailed, FunctionTimeout
from hubbub.functions.threads import CallRaised, Threads

_STUCK_LIMIT = 16


class PythonTarget:
    def __init__(self, reference: str) -> None:
        """Imports the callable. Raises ValueError when there is none that takes one argument."""
        function = _load(reference)
        self._name = reference
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - asks what kind, not whether
        ):
            self._coroutine_function: Callable[[Any], Coroutine[Any, Any, Any]] | None = function
        else:
            self._coroutine_function = None
        self._function = function
        self._threads = Threads(f"hubbub-{reference}", _STUCK_LIMIT)
        self._running: set[asyncio.Task[bytes]] = set()

    async def call(self, event: bytes) -> bytes:
        try:
            if self._coroutine_function is not None:
                return await self._on_loop(event)
            function = self._function
            return await self._threads.run(lambda: _encode(function(orjson.loads(event))))
        except CallRaised as raised:
            if isinstance(raised.error, FunctionAnswerInvalid):
                raise raised.error from None
            raise FunctionFailed(f"{self._name} raised {raised}") from raised.error

    async def _on_loop(self, event: bytes) -> bytes:
        if sum(map(_given_up, self._running)) >= _STUCK_LIMIT:
            raise FunctionTimeout(f"{_STUCK_LIMIT} cancelled calls have not ended yet")
        task = asyncio.create_task(self._guarded(event))
        self._running.add(task)
        task.add_done_callback(self._ended)
        try:
            # wait() leaves at once when it is cancelled, whatever the task does about it
            await asyncio.wait([task])
        finally:
            task.cancel()
        if task.cancelled():
            raise FunctionFailed(f"{self._name} cancelled itself")
        return task.result()

    async def _guarded(self, event: bytes) -> bytes:
        assert self._coroutine_function is not None
        try:
            return _encode(await self._coroutine_function(orjson.loads(event)))
        except (asyncio.CancelledError, FunctionAnswerInvalid):
            raise
        except BaseException as error:  # SystemExit would end the event loop
            raise CallRaised(error) from error

    def _ended(self, task: asyncio.Task[bytes]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when the caller has gone

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        self._threads.close()


def _given_up(task: asyncio.Task[bytes]) -> bool:
    return task.cancelling() > 0


def _encode(answer: object) -> bytes:
    try:
        return orjson.dumps(answer)
    except TypeError as error:
        if inspect.iscoroutine(answer):
            answer.close()
        raise FunctionAnswerInvalid(f"the answer cannot be written as JSON: {error}") from None


def _load(reference: str) -> Callable[[Any], Any]:
    module_name, _, path = reference.partition(":")
    if not module_name or not path:
        raise ValueError("python: is followed by package.module:callable")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # modules beside hubbub.toml; behind all installed ones
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:  # also whatever the module's own code raises
        raise ValueError(f"{module_name} cannot be imported: {error}") from error
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise ValueError(f"{module_name} has no {path}") from None
    if not callable(found):
        raise ValueError(f"{path} of {module_name} is no callable")
    try:
        inspect.signature(found).bind({})
    except TypeError:
        raise ValueError(f"{path} of {module_name} does not take the event alone") from None
    except ValueError:
        pass  # a built-in without a signature
    return found  # type: ignore[no-any-return]
