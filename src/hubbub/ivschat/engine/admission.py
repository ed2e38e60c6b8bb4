"""What is asked of the bus for a request: which limits, which publication (spec 6.4, 6.6, 9).

One invariant: *API and WebSocket share the account's limits: one key for an action, an account and
a region*, whoever asks. A limit of 0 is no limit.
"""

from __future__ import annotations

from collections.abc import Mapping

from hubbub.bus.contract import Limit, Publication
from hubbub.ivschat.engine import frames
from hubbub.ivschat.engine.requests import (
    DELETE_MESSAGE,
    DISCONNECT_USER,
    SEND_MESSAGE,
    DeleteMessage,
    DisconnectUser,
    SendMessage,
)
from hubbub.ivschat.engine.room import Room
from hubbub.settings import Limits

SEND_EVENT = "SEND_EVENT"
ROOM_CHANGED = "ROOM_CHANGED"

_ACCOUNT_LIMITS: Mapping[str, str] = {
    SEND_MESSAGE: "messages_per_second",
    DELETE_MESSAGE: "deletes_per_second",
    DISCONNECT_USER: "disconnects_per_second",
}
"""Action -> the setting that bounds it within an account and region."""


def topic(room_arn: str) -> str:
    return room_arn


def account_limits(action: str, account_id: str, region: str, limits: Limits) -> tuple[Limit, ...]:
    """The limits of an action that all rooms of an account and region share."""
    setting = _ACCOUNT_LIMITS.get(action)
    per_second = getattr(limits, setting) if setting else 0
    return _limit(f"ivschat:{action}:{account_id}:{region}", per_second)


def limits_of(room: Room, limits: Limits) -> Mapping[str, tuple[Limit, ...]]:
    """Action -> all limits that a request of a connection in this room has to pass."""
    rate = limits.room_messages_per_second
    in_room = room.maximum_message_rate if rate is None else rate
    return {
        action: (_limit(f"ivschat:room:{room.arn}", in_room) if action == SEND_MESSAGE else ())
        + account_limits(action, room.account_id, room.region, limits)
        for action in _ACCOUNT_LIMITS
    }


def _limit(key: str, per_second: int) -> tuple[Limit, ...]:
    return (Limit(key, per_second),) if per_second > 0 else ()


def publish_message(
    room_arn: str, message_id: str, request: SendMessage, sender_tail: bytes
) -> Publication:
    head, tail = frames.message(
        message_id, request.request_id, request.content, request.attributes, sender_tail
    )
    return Publication(topic(room_arn), head, tail, SEND_MESSAGE)


def publish_event(
    room_arn: str, event_id: str, name: str, attributes: Mapping[str, str] | None
) -> Publication:
    head, tail = frames.event(event_id, "", name, attributes)
    return Publication(topic(room_arn), head, tail, SEND_EVENT)


def publish_deletion(room_arn: str, event_id: str, request: DeleteMessage) -> Publication:
    head, tail = frames.delete_event(event_id, request)
    return Publication(topic(room_arn), head, tail, DELETE_MESSAGE)


def publish_disconnection(room_arn: str, event_id: str, request: DisconnectUser) -> Publication:
    """The label names the user whose connections close after the frame; see `label_parts`."""
    head, tail = frames.disconnect_event(event_id, request)
    return Publication(topic(room_arn), head, tail, f"{DISCONNECT_USER}:{request.user_id}")


def room_changed(room_arn: str) -> Publication:
    """A notice for the nodes, not for clients: read the room again."""
    return Publication(topic(room_arn), b"", b"", ROOM_CHANGED, timed=False)


def label_parts(label: str) -> tuple[str, str]:
    """The action of a delivery, and for DISCONNECT_USER the user."""
    action, _, user_id = label.partition(":")
    return action, user_id
