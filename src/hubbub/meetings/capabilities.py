"""What an attendee may send and receive: the rules of chime-meetings A.7 as tables.

Pure: values in, verdicts out.

One invariant: *whoever may receive content may receive video*, in every request and every default
but where a meeting has no video at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Capability = Literal["SendReceive", "Send", "Receive", "None"]

VALUES: tuple[Capability, ...] = ("SendReceive", "Send", "Receive", "None")
SENDS: frozenset[Capability] = frozenset({"SendReceive", "Send"})
RECEIVES: frozenset[Capability] = frozenset({"SendReceive", "Receive"})


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one attendee may send and receive, with the API's values; of both its halves."""

    audio: Capability = "SendReceive"
    video: Capability = "SendReceive"
    content: Capability = "SendReceive"

    @property
    def sends_audio(self) -> bool:
        return self.audio in SENDS

    @property
    def receives_audio(self) -> bool:
        return self.audio in RECEIVES

    @property
    def sends_video(self) -> bool:
        return self.video in SENDS

    @property
    def receives_video(self) -> bool:
        return self.video in RECEIVES

    @property
    def sends_content(self) -> bool:
        return self.content in SENDS

    @property
    def receives_content(self) -> bool:
        return self.content in RECEIVES


@dataclass(frozen=True, slots=True)
class Media:
    """Which media a meeting has at all: a MaxResolution other than None (audio it always has)."""

    video: bool = True
    content: bool = True


DEFAULTS: dict[Media, Capabilities] = {
    Media(video=True, content=True): Capabilities(),
    # Content can be received there by default only: a request cannot name it (rules 3 and 5).
    Media(video=False, content=True): Capabilities(video="Receive"),
    Media(video=True, content=False): Capabilities(content="None"),
    Media(video=False, content=False): Capabilities(video="None", content="None"),
}
"""What an attendee has who was created without capabilities (rule 7)."""

NO_VIDEO = "Video must be None because the meeting has no video (Video.MaxResolution is None)"
NO_CONTENT = (
    "Content must be None because the meeting has no content share (Content.MaxResolution is None)"
)
CONTENT_NEEDS_VIDEO = (
    "Content can only be SendReceive or Receive if Video is SendReceive or Receive"
)


def refusal(requested: Capabilities, media: Media) -> str | None:
    """Why a meeting with these media refuses the request (rules 3 to 5); None: it does not."""
    if requested.video != "None" and not media.video:
        return NO_VIDEO
    if requested.content != "None" and not media.content:
        return NO_CONTENT
    if requested.receives_content and not requested.receives_video:
        return CONTENT_NEEDS_VIDEO
    return None
