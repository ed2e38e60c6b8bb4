"""What a server tells of itself and what the system tells of it."""

from __future__ import annotations

import asyncio
import re
import urllib.request
from pathlib import Path

from tests.server import Server


def metric(server: Server, name: str, labels: str = "") -> float:
    """Value in /metrics; 0 while there is none. `labels` as written: ``{Action="X"}``."""
    with urllib.request.urlopen(f"{server.http}/metrics", timeout=10) as response:
        text = response.read().decode()
    found = re.search(rf"^{re.escape(name + labels)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def counted(server: Server, name: str, labels: str = "", timeout: float = 20) -> None:
    """Wait until this metric is not 0."""
    async with asyncio.timeout(timeout):
        while await asyncio.to_thread(metric, server, name, labels) == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def healthy(server: Server) -> bool:
    with urllib.request.urlopen(f"{server.http}/healthz", timeout=5) as response:
        return bool(response.status == 200)


def tracebacks(server: Server) -> list[str]:
    """What was logged as an error, and tracebacks outside of the log."""
    return [
        line
        for line in server.log_text().splitlines()
        if '"level":"error"' in line or (not line.startswith("{") and "Traceback" in line)
    ]


def resident_mib(server: Server) -> float:
    assert server.process
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
