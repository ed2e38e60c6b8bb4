"""`websockets.broadcast` on uvloop: what a Python program gets from the library."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from bench.places import BENCH
from bench.process import Process, free_port
from bench.servers.contract import Running


class Broadcast:
    name = "websockets.broadcast"
    rival = True
    protocol = "ws"

    def version(self) -> str:
        return f"{version('websockets')}, uvloop {version('uvloop')}"

    def start(self, directory: Path) -> Running:
        port = free_port()
        process = Process([sys.executable, BENCH / "rivals/broadcast.py", str(port)], directory)
        process.wait_for_port(port)
        return Running(process, port)

    def tokens(self, running: Running, count: int, publishers: int) -> Path | None:
        return None
