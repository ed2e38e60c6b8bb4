"""What a room is set up with: its meeting, its quotas, its media limits."""

from __future__ import annotations

from dataclasses import dataclass

from hubbub.meetings.capabilities import Capabilities


@dataclass(frozen=True, slots=True)
class TurnCredentials:
    """Given to clients only if an operator runs TURN: they then send everything through it."""

    username: str
    password: str
    ttl: int  # seconds
    uris: tuple[str, ...]


NO_TURN = TurnCredentials("", "", 0, ())
"""Told as such where nobody runs TURN. A client with credentials subscribes as soon as it has one
candidate, which is all that we need of it; one without waits a tenth of a second for the others.
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """Quotas of chime-meetings A.13, and the meeting's features."""

    meeting_id: str  # the primary's, where there are replicas
    created_at: float  # epoch seconds
    video_limit: tuple[int, int] | None = None  # largest width and height; None: any
    content_limit: tuple[int, int] | None = None
    attendees: int = 250  # connected ones, of each meeting
    cameras: int = 25  # published
    shares: int = 2  # published
    received: int = 25  # videos, by one attendee
    turn: TurnCredentials = NO_TURN


@dataclass(frozen=True, slots=True)
class Attendee:
    """Whose token a session came with, or was promoted with."""

    meeting_id: str  # its own: the primary or a replica
    attendee_id: str  # without ``#content``
    external_user_id: str
    capabilities: Capabilities
    replica: bool = False
