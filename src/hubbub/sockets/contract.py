"""The seam between the WebSocket front and the services behind it.

One invariant: *a connection gets the frames sent to it in order and without a gap, or it is closed
with a code that makes clients come back*. Nothing here knows what the messages mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hubbub.sockets import frames


@dataclass(frozen=True, slots=True)
class CloseCodes:
    """What an endpoint's clients are told when they have to come back."""

    restart: int = frames.SERVICE_RESTART
    overflow: int = frames.TRY_AGAIN_LATER  # they read too slowly
    failure: int = frames.INTERNAL_ERROR


@dataclass(frozen=True, slots=True)
class Handshake:
    """An upgrade request, before it is answered."""

    path: str  # raw path, without the query
    query: str
    headers: Mapping[str, str]  # names in lower case; repeats joined with ", "
    subprotocols: tuple[str, ...]
    peer_ip: str
    secure: bool


class Connection(Protocol):
    """One WebSocket as its endpoint sees it. Until the 101 has left, frames wait in it."""

    @property
    def peer_ip(self) -> str: ...

    def send(self, frame: bytes) -> None:
        """Queue one encoded frame (`encode_text`, `encode_binary`); nothing if it is closing."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """Send what is queued, then a Close frame; the receiver's `closed` follows."""
        ...


class Receiver(Protocol):
    """What a service does with one open connection. Its methods never raise."""

    def message(self, payload: bytes) -> None:
        """One complete text message (valid UTF-8) or binary message."""
        ...

    def closed(self, code: int) -> None:
        """The connection is gone; called exactly once. 1006 without a closing handshake."""
        ...


@dataclass(frozen=True, slots=True)
class Accept:
    receiver: Receiver
    subprotocol: str | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """The handshake fails with this HTTP status. The connection was never open."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Endpoint(Protocol):
    """What answers handshakes on a path."""

    max_message_bytes: int
    """Longer messages close the connection with 1009."""

    codes: CloseCodes

    async def handshake(self, handshake: Handshake, connection: Connection) -> Accept | Refuse:
        """Decide, within the front's time limit.

        An endpoint may add the connection to audiences here: frames wait until the 101 has left.
        Should the peer go away meanwhile, `closed` of the accepted receiver is still called.
        """
        ...
