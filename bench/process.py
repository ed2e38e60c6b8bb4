"""A server under measurement: a process on its own core, and what the kernel knows of it."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from bench.places import SERVER_CORE

READY_SECONDS = 30.0
STOP_SECONDS = 15.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class NotReady(Exception):
    """The server ended, or did not listen in time."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


class Process:
    """Runs a command on the server's core; its output goes to ``log`` in the directory."""

    def __init__(
        self,
        command: Sequence[str | Path],
        directory: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = directory / "log"
        self.started = time.monotonic()
        with self.log.open("wb") as output:
            self._popen = subprocess.Popen(
                ["taskset", "--cpu-list", str(SERVER_CORE), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env={**os.environ, **(environment or {})},
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def wait_for_port(self, port: int) -> None:
        """Until something listens. Raises NotReady."""
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            self._pause()

    def wait_for_line(self, beginning: str) -> str:
        """The first line of output that begins so. Raises NotReady."""
        with self.log.open() as output:
            while True:
                line = _whole_line(output)
                if line is None:
                    self._pause()
                elif line.startswith(beginning):
                    return line

    def _pause(self) -> None:
        if self._popen.poll() is not None or time.monotonic() - self.started > READY_SECONDS:
            text = self.log.read_text(errors="replace")[-2000:]
            raise NotReady(f"{self._popen.args!r}\n{text}")
        time.sleep(0.002)

    def cpu_seconds(self) -> float:
        """User and system time of the process, its threads and its children."""
        ticks = 0
        for pid in _tree(self.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS

    def rss_bytes(self) -> int:
        """Resident memory of the process and its children."""
        return sum(
            int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
            for pid in _tree(self.pid)
        )

    def stop(self) -> None:
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


def _whole_line(output: IO[str]) -> str | None:
    at = output.tell()
    line = output.readline()
    if line.endswith("\n"):
        return line.rstrip("\n")
    output.seek(at)
    return None


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _tree(int(child))


def raise_descriptor_limit() -> None:
    """As many descriptors as allowed, for this process and what it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
