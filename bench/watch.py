"""What a server and its client used during a measurement, and what others took of their cores."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from bench.places import CLIENT_CORE, SERVER_CORE
from bench.process import Process

_TICKS = os.sysconf("SC_CLK_TCK")
_CORES = {f"cpu{SERVER_CORE}", f"cpu{CLIENT_CORE}"}


class Watch:
    """From the moment it is made until `stop`; `client` is the pid of one that runs all along."""

    def __init__(self, process: Process, client: int | None = None) -> None:
        self._process = process
        self._client = client
        self._wall = time.monotonic()
        self._busy = _busy_seconds()
        self._server = process.cpu_seconds()
        self._clients = self._client_seconds()
        self.seconds = self.cpu_seconds = self.client_seconds = self.taken_share = 0.0

    def stop(self) -> Watch:
        self.cpu_seconds = self._process.cpu_seconds() - self._server
        self.client_seconds = self._client_seconds() - self._clients
        self.seconds = time.monotonic() - self._wall
        busy = _busy_seconds() - self._busy
        taken = busy - self.cpu_seconds - self.client_seconds
        self.taken_share = max(0.0, taken) / self.seconds / len(_CORES)
        return self

    def _client_seconds(self) -> float:
        """Of this process, of clients that have ended, and of the one that runs."""
        usages = (
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        seconds = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        if self._client is not None:
            schedstat = Path(f"/proc/{self._client}/schedstat").read_text()
            seconds += int(schedstat.split()[0]) / 1e9
        return seconds


def _busy_seconds() -> float:
    """Time the two cores have not been idle, whoever used them."""
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in _CORES:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
            ticks += user + nice + system + irq + softirq + steal
    return ticks / _TICKS
