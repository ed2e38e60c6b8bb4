"""``--workers N``: the parent of N serving processes.

It binds the sockets, forks the workers, starts a worker anew when one has died, and passes a signal
on. It holds no event loop and no threads, so forking it stays safe. Workers that lose their parent
drain and end by themselves.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from hubbub.serve.exposition import forget_process
from hubbub.serve.listeners import Listeners
from hubbub.serve.process import (
    PATIENCE_SECONDS,
    StartFailed,
    ignore_stop_signals,
    run_process,
)
from hubbub.settings import Settings

BACK_OFF = (0.1, 0.5, 1.0, 2.0, 5.0)  # seconds before a worker is started again
STEADY_SECONDS = 30.0  # a worker that lived that long starts again at once
STOP_SECONDS = 15.0
READY = b"."

logger = logging.getLogger("hubbub.supervisor")


@dataclass(slots=True)
class _Worker:
    listeners: Listeners
    pid: int = 0  # 0: not running
    pipe: int = -1  # while it starts: READY, or why it cannot, comes through it
    started_at: float = 0.0
    start_again_at: float = 0.0
    failures: int = 0  # in a row
    is_ready: bool = False  # and not dead since
    failure: str = ""  # why it could not start


class Supervisor:
    def __init__(self, settings: Settings, listeners: list[Listeners]) -> None:
        self._settings = settings
        self._workers = [_Worker(own) for own in listeners]
        self._parent_read, self._parent_write = os.pipe()  # end of file: the parent has gone
        self._wake_read, self._wake_write = os.pipe()
        self._signalled_at = 0.0  # when the first signal came
        self._hurry = False

    def run(self, ready: Callable[[str], None]) -> None:
        """Until a signal comes. `ready` is called once, when all workers are."""
        os.set_blocking(self._wake_write, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it interrupts the select below
        for worker in self._workers:
            self._start(worker)
        is_ready = False
        while not self._signalled_at:
            self._wait()
            self._hear()
            self._reap(is_ready)
            if not is_ready and all(worker.is_ready for worker in self._workers):
                is_ready = True
                ready("off")
            for worker in self._workers:
                if not worker.pid and time.monotonic() >= worker.start_again_at:
                    self._start(worker)
        self._stop()
        if self._hurry:
            raise SystemExit(1)
        ignore_stop_signals()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._signalled_at:
            self._signalled_at = now
        elif number == signal.SIGINT and now - self._signalled_at > PATIENCE_SECONDS:
            self._hurry = True

    def _wait(self) -> None:
        """Until a child dies, a worker is ready, a signal comes, or a start is due."""
        pipes = [worker.pipe for worker in self._workers if worker.pipe >= 0]
        due = [worker.start_again_at for worker in self._workers if not worker.pid]
        timeout = max(0.0, min(due) - time.monotonic()) if due else None
        if self._wake_read in select.select([self._wake_read, *pipes], [], [], timeout)[0]:
            os.read(self._wake_read, 4_096)

    def _hear(self) -> None:
        """Take what starting workers have said."""
        for worker in self._workers:
            if worker.pipe >= 0 and select.select([worker.pipe], [], [], 0)[0]:
                said = os.read(worker.pipe, 4_096)
                worker.is_ready = said == READY
                worker.failure = said.removeprefix(READY).decode()
                os.close(worker.pipe)
                worker.pipe = -1

    def _start(self, worker: _Worker) -> None:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            self._work(worker, write)
        os.close(write)
        if worker.pipe >= 0:
            os.close(worker.pipe)
        worker.pid, worker.pipe = pid, read
        worker.is_ready, worker.failure = False, ""
        worker.started_at = time.monotonic()

    def _work(self, worker: _Worker, pipe: int) -> None:
        """The child's part; never returns."""
        status = 1

        def ready(_media_address: str) -> None:
            os.write(pipe, READY)
            os.close(pipe)

        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            os.close(self._parent_write)
            for other in self._workers:
                if other is not worker:
                    other.listeners.close()
            run_process(self._settings, worker.listeners, ready, parent=self._parent_read)
            status = 0
        except StartFailed as error:
            os.write(pipe, str(error).encode()[:4_096])
        except BaseException:
            logger.exception("a worker failed")
        finally:
            os._exit(status)

    def _reap(self, is_ready: bool) -> None:
        for worker in self._workers:
            if worker.pid and (ended := os.waitpid(worker.pid, os.WNOHANG))[0]:
                forget_process(worker.pid)
                worker.pid = 0
                self._hear()
                worker.is_ready = False
                if worker.failure and not is_ready:
                    self._stop()
                    raise StartFailed(worker.failure)
                self._plan_restart(worker, os.waitstatus_to_exitcode(ended[1]))

    def _plan_restart(self, worker: _Worker, status: int) -> None:
        now = time.monotonic()
        lived = now - worker.started_at
        worker.failures = 0 if lived >= STEADY_SECONDS else worker.failures + 1
        pause = BACK_OFF[min(worker.failures, len(BACK_OFF)) - 1] if worker.failures else 0.0
        worker.start_again_at = now + pause
        logger.error(
            "a worker ended and is started again",
            extra={"status": status, "pause": pause, "failure": worker.failure},
        )

    def _stop(self) -> None:
        """SIGTERM to all; SIGKILL to those left at the end, or when Ctrl-C comes again."""
        self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while any(w.pid for w in self._workers):
            if self._hurry or time.monotonic() >= deadline:
                self._signal_all(signal.SIGKILL)
            for worker in self._workers:
                if worker.pid and os.waitpid(worker.pid, os.WNOHANG)[0]:
                    worker.pid = 0
            time.sleep(0.02)

    def _signal_all(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid:
                os.kill(worker.pid, number)
