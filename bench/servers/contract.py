"""What a workload needs of a server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.process import Process


@dataclass(frozen=True, slots=True)
class Running:
    process: Process
    port: int


class Server(Protocol):
    name: str
    rival: bool
    """Hubbub has to be ahead of it; a reference only shows what the machine can do."""

    def version(self) -> str:
        """As its program tells it; "" for our own references."""
        ...

    def start(self, directory: Path) -> Running:
        """Start it in an empty directory of its own and wait until it is ready."""
        ...


class RoomServer(Server, Protocol):
    """A server with a room in which all members get all messages."""

    protocol: str
    """The fan-out client's driver."""

    def tokens(self, running: Running, count: int, publishers: int) -> Path | None:
        """A file of one token a line, the publishers' first; None: all may come in."""
        ...
