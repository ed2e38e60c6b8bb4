"""The physical reference: a loop of send() in C."""

from __future__ import annotations

from pathlib import Path

from bench.build import program
from bench.process import Process, free_port
from bench.servers.contract import Running


class SendLoop:
    rival = False
    protocol = "raw"

    def __init__(self, mode: str, name: str) -> None:
        self.name = name
        self._mode = mode

    def version(self) -> str:
        return ""

    def start(self, directory: Path) -> Running:
        port = free_port()
        process = Process([program("send_loop"), str(port), self._mode], directory)
        process.wait_for_port(port)
        return Running(process, port)

    def tokens(self, running: Running, count: int, publishers: int) -> Path | None:
        return None
