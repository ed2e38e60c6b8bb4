"""A real server process of a test run: its own directory and port, gone when the tests are."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

START_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class ServiceFailed(Exception):
    """The server cannot be started. The text says what is missing or shows its log."""


class ServiceProcess:
    """Starts `command` and waits until it answers; everything it writes is in `directory`."""

    def __init__(self, name: str, user: str | None = None) -> None:
        self.name = name
        self.user = user
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix=f"hubbub-tests-{name}-"))
        if user is not None:
            shutil.chown(self.directory, user)
        self._log = self.directory / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, command: Sequence[str], answers: Callable[[], bool]) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
                extra_groups=None if self.user is None else [],
                preexec_fn=_end_with_parent,  # noqa: PLW1509 -- one system call, nothing else
            )
        end = time.monotonic() + START_SECONDS
        while not answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill(signal.SIGKILL)
                text = self._log.read_text(errors="replace")
                raise ServiceFailed(f"{self.name} did not start:\n{text}")
            time.sleep(0.02)

    def kill(self, number: int) -> None:
        """End the process with this signal and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(START_SECONDS)
            self._process = None

    def remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def unprivileged(user: str) -> str | None:
    """`user` when we are root, because the server refuses root; otherwise ourselves."""
    return user if os.geteuid() == 0 else None


def _end_with_parent() -> None:
    """Even a killed test run leaves no server behind."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
