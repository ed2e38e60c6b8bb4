"""What the engine knows of a room."""

from __future__ import annotations

from typing import Literal

import msgspec

from hubbub.sinks.contract import Destination

ReviewResult = Literal["ALLOW", "DENY"]


class ReviewHandler(msgspec.Struct, frozen=True, gc=False):
    uri: str
    fallback: ReviewResult


class Room(msgspec.Struct, frozen=True):
    """A room's settings as last read. ``exists`` False: deleted while connections are open."""

    arn: str
    id: str
    region: str
    account_id: str
    maximum_message_length: int
    maximum_message_rate: int
    review_handler: ReviewHandler | None = None
    destinations: tuple[Destination, ...] = ()
    exists: bool = True

    def deleted(self) -> Room:
        """What is left of the room for those who are still in it."""
        return msgspec.structs.replace(self, exists=False)
