"""MeetingFeatures: what a meeting was created for (chime-meetings A.5). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubbub.meetings.capabilities import Media

RESOLUTIONS: dict[str, tuple[int, int]] = {
    "None": (0, 0),
    "HD": (1280, 720),
    "FHD": (1920, 1080),
    "UHD": (3840, 2160),
}
"""Width and height in pixels that a sender must not exceed."""

MOST_ATTENDEES = 250
MOST_ATTENDEES_HIGH_DEFINITION = 25


@dataclass(frozen=True, slots=True)
class Features:
    """The features in effect: as given, or the defaults."""

    video: str = "HD"
    content: str = "FHD"
    echo_reduction: bool = False
    max_attendees: int = MOST_ATTENDEES

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Features:
        """Of a valid ``MeetingFeatures`` member; None and empty: the defaults."""
        given = given or {}
        return cls(
            video=given.get("Video", {}).get("MaxResolution", "HD"),
            content=given.get("Content", {}).get("MaxResolution", "FHD"),
            echo_reduction=given.get("Audio", {}).get("EchoReduction") == "AVAILABLE",
            max_attendees=given.get("Attendee", {}).get("MaxCount", MOST_ATTENDEES),
        )

    @property
    def media(self) -> Media:
        return Media(video=self.video != "None", content=self.content != "None")

    @property
    def video_limit(self) -> tuple[int, int]:
        """Largest width and height of a camera; (0, 0): none at all."""
        return RESOLUTIONS[self.video]

    @property
    def content_limit(self) -> tuple[int, int]:
        """The same of a content share."""
        return RESOLUTIONS[self.content]


def is_high_definition(given: Mapping[str, Any]) -> bool:
    features = Features.of(given)
    return features.video == "FHD" or features.content == "UHD"


def refusal(
    given: Mapping[str, Any], most_high_definition: int = MOST_ATTENDEES_HIGH_DEFINITION
) -> str | None:
    """Why these features cannot go together; None: they can.

    A meeting with Video FHD or Content UHD has to say how few it is for.
    """
    if not is_high_definition(given):
        return None
    count = given.get("Attendee", {}).get("MaxCount")
    if count is None:
        return "Attendee.MaxCount is required with Video FHD or Content UHD"
    if count > most_high_definition:
        return f"Attendee.MaxCount must be at most {most_high_definition} with these resolutions"
    return None
