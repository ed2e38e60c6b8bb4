"""The seam between the control plane and what runs live meetings.

The control plane knows which meetings and attendees there are: durable, in the store. A `Stage`
runs the live ones: sockets, media, in memory only. The control plane tells the stage of changes
once they are committed; the stage asks the control plane, as its `Directory`, who a join token is.

Nothing here blocks: every call of a `Stage` returns at once and does not raise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.features import Features


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting that has not ended. It never changes."""

    meeting_id: str  # lower-case GUID
    external_meeting_id: str
    account_id: str
    region: str  # of the API endpoint
    media_region: str  # as given
    created_at: float  # epoch seconds
    features: Features
    primary_meeting_id: str | None = None  # it is a replica of this one


@dataclass(frozen=True, slots=True)
class Attendee:
    """An attendee that has not been deleted; its capabilities change, the rest never does."""

    attendee_id: str  # lower-case GUID, without ``#content``
    external_user_id: str


@dataclass(frozen=True, slots=True)
class Transcription:
    """A transcription that was started and not stopped: the API's TranscriptionConfiguration."""

    configuration: Mapping[str, Any]
    region: str  # where the engine works; a configuration without one: the meeting's MediaRegion


@dataclass(frozen=True, slots=True)
class Admitted:
    """A join token is valid."""

    meeting: Meeting  # the attendee's own
    attendee: Attendee
    capabilities: Capabilities
    primary: Meeting | None = None  # of a replica: the meeting whose media flow to it
    transcription: Transcription | None = None
    """What the room's meeting (the primary, for a replica) is being transcribed with."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A join token was valid until its meeting ended: the client is to be told so (B.9)."""

    meeting_id: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A join token is valid, and the meeting's clients are on another node."""

    meeting_id: str  # the primary's, of a replica


class Stage(Protocol):
    """Runs live meetings."""

    def why_unavailable(self) -> str | None:
        """What keeps meetings from being held here, with the remedy; None: nothing does."""
        ...

    def meeting_created(self, meeting: Meeting) -> None:
        """Not called again after a restart: `Admitted` tells of meetings made before."""
        ...

    def meeting_ended(self, meeting_id: str) -> None:
        """Tell its clients and let go of it. One call for each replica, too; repeats are harmless.

        ``chime:MeetingEnded`` is the control plane's to send.
        """
        ...

    def let_go(self, meeting_id: str) -> None:
        """Another node holds this primary now: send its clients away, so that they go there."""
        ...

    def attendee_deleted(self, meeting_id: str, attendee_id: str) -> None:
        """Its sessions end, the content share's with it."""
        ...

    def capabilities_changed(self, meeting_id: str, changed: Mapping[str, Capabilities]) -> None:
        """Of these attendees, by id. In force at once, whether or not they are connected."""
        ...

    def transcription_started(
        self, meeting_id: str, configuration: Mapping[str, Any], region: str
    ) -> None:
        """Start, or go on with another configuration. Reports by `Directory.occurred`."""
        ...

    def transcription_stopped(self, meeting_id: str) -> None: ...

    def transcribed(self) -> Collection[str]:
        """The meetings that are being transcribed here; not those where that has failed."""
        ...

    def has_audio(self, meeting_id: str) -> bool:
        """Does any of its attendees have an audio connection now (A.8)?"""
        ...


class Directory(Protocol):
    """What a stage asks and tells the control plane."""

    async def admit(self, join_token: str) -> Admitted | Elsewhere | Ended | None:
        """Who comes with this token (without ``#content``); None: nobody.

        From an `Admitted` on, the meeting is this node's.

        What is returned holds when the awaiting coroutine goes on: act on it before awaiting
        anything else, and no change is missed. Raises StoreUnavailable.
        """
        ...

    def occurred(
        self,
        meeting_id: str,
        event_type: str,
        attendee_id: str | None = None,
        external_user_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """A lifecycle event (A.11) for the meeting's subscribers; returns at once.

        `event_type` with its prefix: ``chime:AttendeeJoined``. `attendee_id` as it is to be told,
        ``#content`` included. `extra`: further members of ``detail``; not ``networkType``, which
        is added to those events that have it.
        """
        ...
