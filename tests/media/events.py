"""What a client's page reports, with types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Colour = tuple[int, int, int]
Level = float  # dBFS


@dataclass(frozen=True)
class Event:
    """Something that the client told its application. `at`: epoch milliseconds."""

    kind: str
    value: dict[str, Any]
    at: float


@dataclass(frozen=True)
class Started:
    """When start() was called and when `audioVideoDidStart` came, epoch milliseconds."""

    called: float
    started: float


@dataclass(frozen=True)
class Tile:
    """One video tile as the page shows it."""

    id: int
    attendee_id: str
    external_user_id: str | None
    local: bool
    content: bool
    paused: bool
    poor_connection: bool
    stream_id: int | None
    group_id: int | None
    width: int  # of the picture, in pixels
    height: int
    colour: Colour | None
    shown: int  # frames presented
    decoded: int  # frames decoded since the stream started
    codec: str  # "video/VP9"
    packets: int
    lost: int
    bytes: int

    @property
    def whose(self) -> str:
        """``ada`` or ``ada#content``."""
        return f"{self.external_user_id}{'#content' if self.content else ''}"


@dataclass(frozen=True)
class Present:
    """An attendee on the roster of a client."""

    external_user_id: str
    volume: float | None = None
    muted: bool | None = None
    signal: float | None = None
