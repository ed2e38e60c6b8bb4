"""Threads for callables that block.

One invariant: *a call that hangs costs its own function one thread and nobody else anything*. A
thread whose call was given up is counted as stuck until the call returns after all, and another
takes its place. With `stuck_limit` of them the function's further calls are refused at once.
Threads are daemons, so that a stuck one does not keep the process from ending.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

from hubbub.functions.contract import FunctionTimeout

_KEPT = 16  # idle threads

Work = Callable[[], bytes]


class CallRaised(Exception):
    """Carries what the call raised; futures refuse StopIteration, loops die of SystemExit."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error = error


class _Thread:
    def __init__(self) -> None:
        self.work: SimpleQueue[tuple[Work, asyncio.Future[bytes]] | None] = SimpleQueue()


class Threads:
    """Used from one event loop. The number of calls at a time is bounded by the caller."""

    def __init__(self, name: str, stuck_limit: int = 16) -> None:
        self._name = name
        self._stuck_limit = stuck_limit
        self._idle: list[_Thread] = []
        self._stuck: set[_Thread] = set()
        self._closed = False

    @property
    def stuck(self) -> int:
        """Calls that were given up and have not returned."""
        return len(self._stuck)

    async def run(self, work: Work) -> bytes:
        """What `work` returns.

        Raises CallRaised with what it raised, and FunctionTimeout when too many calls are stuck.
        """
        if len(self._stuck) >= self._stuck_limit:
            raise FunctionTimeout(f"{len(self._stuck)} earlier calls have not returned yet")
        loop = asyncio.get_running_loop()
        thread = self._idle.pop() if self._idle else self._start(loop)
        outcome: asyncio.Future[bytes] = loop.create_future()
        thread.work.put((work, outcome))
        try:
            return await outcome
        finally:
            if outcome.cancelled():
                self._stuck.add(thread)

    def _start(self, loop: asyncio.AbstractEventLoop) -> _Thread:
        thread = _Thread()
        threading.Thread(
            target=self._serve, args=(thread, loop), name=self._name, daemon=True
        ).start()
        return thread

    def _serve(self, thread: _Thread, loop: asyncio.AbstractEventLoop) -> None:
        while (task := thread.work.get()) is not None:
            work, outcome = task
            answer, error = b"", None
            try:
                answer = work()
            except BaseException as raised:  # sys.exit() included: it is the function's failure
                error = raised
            with suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(self._finished, thread, outcome, answer, error)
            del task, work, outcome, answer, error

    def _finished(
        self,
        thread: _Thread,
        outcome: asyncio.Future[bytes],
        answer: bytes,
        error: BaseException | None,
    ) -> None:
        self._stuck.discard(thread)
        if self._closed or len(self._idle) >= _KEPT:
            thread.work.put(None)
        else:
            self._idle.append(thread)
        if outcome.done():
            return  # given up
        if error is None:
            outcome.set_result(answer)
        else:
            outcome.set_exception(CallRaised(error))

    def close(self) -> None:
        self._closed = True
        for thread in [*self._idle, *self._stuck]:
            thread.work.put(None)
        self._idle.clear()
