"""One connection: who it is, what it may do, and what a frame from it leads to (spec 6.2, 6.5).

One invariant: *the checks are made in one order — parse, session, the connection's rate, action,
capability, fields, room — and the first that fails is the only answer*. What comes after them (the
room's rate, review, delivery) happens on the bus and is asked for with `admission`.
"""

from __future__ import annotations

from collections.abc import Mapping

from hubbub.ivschat.engine.frames import sender
from hubbub.ivschat.engine.requests import (
    READERS,
    SEND_MESSAGE,
    Fields,
    Refusal,
    Request,
    malformed,
    read,
    request_id_fault,
    request_id_of,
)
from hubbub.ivschat.engine.room import Room
from hubbub.ivschat.engine.window import SlidingWindow

EXPIRED = "The connection has expired"
RATE = "Rate limit exceeded"
NOT_FOUND = "Room not found"
INTERNAL = "Internal server error"


def rate_exceeded(request_id: str) -> Refusal:
    return Refusal(429, RATE, request_id)


def internal_error(request_id: str) -> Refusal:
    return Refusal(500, INTERNAL, request_id)


def session_expired(request_id: str = "") -> Refusal:
    return Refusal(401, EXPIRED, request_id)


class Session:
    """The state of one connection. ``expires_at`` is in seconds of the clock that ``now`` is of."""

    __slots__ = ("_window", "attributes", "capabilities", "expires_at", "sender", "user_id")

    def __init__(
        self,
        *,
        user_id: str,
        attributes: Mapping[str, str],
        capabilities: frozenset[str],
        expires_at: float,
        requests_per_second: int,
    ) -> None:
        self.user_id = user_id
        self.attributes = attributes
        self.capabilities = capabilities
        self.expires_at = expires_at
        self.sender = sender(user_id, attributes) if SEND_MESSAGE in capabilities else b""
        self._window = SlidingWindow(requests_per_second)

    def receive(self, payload: bytes, room: Room, now: float) -> Request | Refusal:
        """The request in a frame, if it passes every check of this connection.

        Every frame counts towards the rate but those that are over it.
        """
        fields = read(payload)
        allowed = self._window.take(now)
        if isinstance(fields, Refusal):
            return fields
        request_id = request_id_of(fields)
        if now >= self.expires_at:
            return session_expired(request_id)
        if not allowed:
            return rate_exceeded(request_id)
        return self._request(fields, request_id, room)

    def _request(self, fields: Fields, request_id: str, room: Room) -> Request | Refusal:
        action = fields.get("Action")
        reader = READERS.get(action) if isinstance(action, str) else None
        if reader is None:
            return malformed("Action", request_id)
        if action not in self.capabilities:
            text = f"The connection's capabilities do not permit {action}"
            return Refusal(403, text, request_id)
        request = request_id_fault(fields) or reader(
            fields, request_id, room.maximum_message_length
        )
        if room.exists or isinstance(request, Refusal):
            return request
        return Refusal(404, NOT_FOUND, request_id)
