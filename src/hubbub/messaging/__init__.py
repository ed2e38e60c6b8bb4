"""Amazon Chime SDK Messaging: channels, memberships, messages and flows."""

from __future__ import annotations

from hubbub.wire import CodeMessageStyle, Service, load_model


def service() -> Service:
    """The service for the front door. None of its operations is implemented yet."""
    return Service(
        model=load_model("chime-sdk-messaging"), errors=CodeMessageStyle(), handlers={}, owns=owns
    )


def owns(arn: str) -> bool:
    """A channel or a channel flow."""
    resource = arn.split(":", 5)[-1].split("/")
    return len(resource) > 2 and resource[2] in ("channel", "channel-flow")
