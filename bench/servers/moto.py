"""moto's server. It has no IVS Chat: the comparable calls are those of IVS, in memory."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from bench.places import BIN
from bench.process import Process, free_port
from bench.servers.contract import Running


class Moto:
    name = "moto"
    rival = True

    def version(self) -> str:
        return version("moto")

    def start(self, directory: Path) -> Running:
        port = free_port()
        process = Process([BIN / "moto_server", "-H", "127.0.0.1", "-p", str(port)], directory)
        process.wait_for_port(port)
        return Running(process, port)
