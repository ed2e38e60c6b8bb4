"""What other services keep below app instances, users and bots: the seam to Messaging."""

from __future__ import annotations

from typing import Protocol


class Dependents(Protocol):
    """What identity tells a service that keeps things of its own for these ARNs.

    The job calls the `remove_…` methods and `expire_messages`, on one node at a time, until they
    answer True. It may stop at any point and begin again: each does a bounded piece of work (some
    hundred rows), durable on return, and does nothing wrong when it is called once more.
    """

    async def gone(self, arn: str) -> None:
        """It was hidden on this node just now: end its sessions (close code 4003) on all nodes."""
        ...

    async def remove_app_instance(self, app_instance_arn: str) -> bool:
        """Remove a piece of what the app instance has; True when nothing is left."""
        ...

    async def remove_member(self, arn: str, incarnation: str) -> bool:
        """Remove a piece of what a deleted user or bot has; True when nothing is left.

        The ARN may be in use again by now: `incarnation` tells whose is whose, see
        `hubbub.identity.directory.Identity`.
        """
        ...

    async def expire_messages(self, app_instance_arn: str, before: int) -> bool:
        """Remove a piece of the messages created before that time (epoch microseconds) for good."""
        ...
