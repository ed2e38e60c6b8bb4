"""Frames for clients (spec 6.3).

One invariant: *a frame is an object of exactly the documented members, and MESSAGE and EVENT fall
apart around the text of their SendTime*, because the bus gives the time when it admits them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import orjson

from hubbub.ivschat.engine.requests import DeleteMessage, DisconnectUser, Refusal

DELETE_EVENT = "aws:DELETE_MESSAGE"
DISCONNECT_EVENT = "aws:DISCONNECT_USER"


class Split(NamedTuple):
    """A frame without its SendTime: ``head + time + tail``, all within one JSON string's quotes."""

    head: bytes
    tail: bytes


def sender(user_id: str, attributes: Mapping[str, str]) -> bytes:
    """The tail of every MESSAGE of one session."""
    return b'","Sender":%b}' % orjson.dumps({"UserId": user_id, "Attributes": attributes})


def message(
    message_id: str,
    request_id: str,
    content: str,
    attributes: Mapping[str, str] | None,
    sender_tail: bytes,
) -> Split:
    head = (
        b'{"Type":"MESSAGE","Id":"%b","RequestId":%b,"Attributes":%b,"Content":%b,"SendTime":"'
        % (
            message_id.encode(),
            orjson.dumps(request_id),
            orjson.dumps(attributes),
            orjson.dumps(content),
        )
    )
    return Split(head, sender_tail)


def event(event_id: str, request_id: str, name: str, attributes: Mapping[str, str] | None) -> Split:
    head = (
        b'{"Type":"EVENT","Id":"%b","RequestId":%b,"EventName":%b,"Attributes":%b,"SendTime":"'
        % (
            event_id.encode(),
            orjson.dumps(request_id),
            orjson.dumps(name),
            orjson.dumps(attributes),
        )
    )
    return Split(head, b'"}')


def delete_event(event_id: str, request: DeleteMessage) -> Split:
    """Both spellings of the message's id: the documentation deprecates the one the SDK reads."""
    attributes = {"MessageID": request.id, "MessageId": request.id}
    if request.reason is not None:
        attributes["Reason"] = request.reason
    return event(event_id, request.request_id, DELETE_EVENT, attributes)


def disconnect_event(event_id: str, request: DisconnectUser) -> Split:
    attributes = {"UserId": request.user_id}
    if request.reason is not None:
        attributes["Reason"] = request.reason
    return event(event_id, request.request_id, DISCONNECT_EVENT, attributes)


def error(refusal: Refusal, new_id: str) -> bytes:
    """An ERROR frame; ``new_id`` is used unless the refusal brings an id of its own."""
    return orjson.dumps(
        {
            "Type": "ERROR",
            "Id": refusal.id or new_id,
            "RequestId": refusal.request_id,
            "ErrorCode": refusal.code,
            "ErrorMessage": refusal.message,
        }
    )
