"""Attendees as the room knows them, and what they may do now (chime-meetings D.1, B.12).

One invariant: *an attendee's gates are those of whom it acts as*: of itself or, promoted out of a
replica, of an attendee of the primary; who is in a replica and not promoted sends nothing.
"""

from __future__ import annotations

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.media.commands import Gates
from hubbub.meetings.signalling.rules import Attendee
from hubbub.meetings.signalling.throttle import Bucket

MESSAGES_PER_SECOND, MESSAGES_AT_ONCE = 200, 2000  # of one attendee, then it is disconnected


class Person:
    """One attendee, both its halves. `number` is the media engine's name for it."""

    __slots__ = ("attendee", "capabilities", "has_joined", "messages", "number", "promoted")

    def __init__(self, number: int, attendee: Attendee, capabilities: Capabilities) -> None:
        self.number = number
        self.attendee = attendee
        self.capabilities = capabilities
        self.has_joined = False
        self.promoted: Person | None = None
        self.messages = Bucket(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE)

    @property
    def acting(self) -> Person:
        return self.promoted or self

    @property
    def takes_part(self) -> bool:
        """False: it watches, from a replica."""
        return not self.acting.attendee.replica

    @property
    def gates(self) -> Gates:
        may, sends = self.acting.capabilities, self.takes_part
        return Gates(
            audio_send=sends and may.sends_audio,
            audio_receive=may.receives_audio,
            video_send=sends and may.sends_video,
            video_receive=may.receives_video,
            content_send=sends and may.sends_content,
            content_receive=may.receives_content,
        )
