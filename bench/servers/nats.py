"""nats-server, core NATS."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.process import Process, free_port
from bench.servers.contract import Running


class Nats:
    name = "NATS"
    rival = True
    protocol = "nats"

    def version(self) -> str:
        done = subprocess.run(["nats-server", "--version"], capture_output=True, check=True)
        return done.stdout.decode().strip().removeprefix("nats-server: ")

    def start(self, directory: Path) -> Running:
        port = free_port()
        process = Process(["nats-server", "--addr", "127.0.0.1", "--port", str(port)], directory)
        process.wait_for_port(port)
        return Running(process, port)

    def tokens(self, running: Running, count: int, publishers: int) -> Path | None:
        return None
