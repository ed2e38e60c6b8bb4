"""What a room wants done. A list of these is the answer to everything that happens to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hubbub.meetings.media.commands import Command as EngineCommand


@dataclass(frozen=True, slots=True)
class Send:
    session: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class SendAll:
    """One frame, encoded once, for many."""

    sessions: tuple[int, ...]
    frame: bytes


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """Close a session's WebSocket; what was sent to it before goes out first."""

    session: int
    code: int
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Command:
    """For the media engine. Their order is part of their meaning."""

    command: EngineCommand


@dataclass(frozen=True, slots=True)
class Occurred:
    """A lifecycle event (chime-meetings A.11), its type with the prefix ``chime:``."""

    event_type: str
    meeting_id: str
    attendee_id: str  # with ``#content`` for content
    external_user_id: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verify:
    """Find out whose token this is, then call `Room.verified` (chime-meetings B.12)."""

    session: int
    join_token: str  # without ``#content``
    attendee_id: str  # as the client claims


Effect = Send | SendAll | CloseSocket | Command | Occurred | Verify
