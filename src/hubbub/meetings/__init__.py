"""Amazon Chime SDK Meetings: meetings, attendees and their capabilities."""

from __future__ import annotations

from hubbub.wire import CodeMessageStyle, Service, load_model


def service() -> Service:
    """The service for the front door. None of its operations is implemented yet."""
    return Service(
        model=load_model("chime-sdk-meetings"),
        errors=CodeMessageStyle(tells_request_id=True),
        handlers={},
        owns=owns,
    )


def owns(arn: str) -> bool:
    """A meeting."""
    return arn.split(":", 5)[-1].startswith("meeting/")
