"""Amazon Chime SDK Identity: app instances, their users, admins and bots."""

from __future__ import annotations

from hubbub.wire import CodeMessageStyle, Service, load_model


def service() -> Service:
    """The service for the front door. None of its operations is implemented yet."""
    return Service(
        model=load_model("chime-sdk-identity"), errors=CodeMessageStyle(), handlers={}, owns=owns
    )


def owns(arn: str) -> bool:
    """An app instance, or a user or bot of one."""
    resource = arn.split(":", 5)[-1].split("/")
    return resource[0] == "app-instance" and (len(resource) == 2 or resource[2] in ("user", "bot"))
