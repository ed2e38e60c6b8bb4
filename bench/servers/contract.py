"""What a workload needs of a server."""

from __future__ import annotations

from collections.abc import Sequence
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


class MeetingServer(Server, Protocol):
    """A server of meetings; both members give the load client's arguments for a way in."""

    mixes: bool
    """Speakers are mixed; else each is forwarded to everybody."""

    def meetings(self, running: Running, count: int, attendees: int) -> Sequence[str]:
        """To new meetings of so many each."""
        ...

    def audience(self, running: Running, receivers: int) -> Sequence[str]:
        """To one sender's new audience, the sender being the first who joins."""
        ...
