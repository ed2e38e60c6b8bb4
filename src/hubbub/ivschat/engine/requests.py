"""Frames from clients -> requests (spec 6.2, 6.5, 6.6).

One invariant: *whatever the bytes are, they become a request or a refusal, never an exception, and
the refusal carries the RequestId whenever one could be read*.

`read` is the check called "parse"; `READERS` holds the checks of the fields, one entry an action.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec
import orjson

from hubbub.ivschat.engine.attributes import MESSAGE_BYTES, is_string_map, size

SEND_MESSAGE = "SEND_MESSAGE"
DELETE_MESSAGE = "DELETE_MESSAGE"
DISCONNECT_USER = "DISCONNECT_USER"

MAX_FRAME_BYTES = 32 * 1024
MAX_REASON = 256
MAX_USER_ID = 128
MAX_REQUEST_ID = 128

Fields = dict[str, object]


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """An ERROR frame to be. ``id`` is empty unless an id made earlier has to be used."""

    code: int
    message: str
    request_id: str = ""
    id: str = ""


class SendMessage(msgspec.Struct, frozen=True):
    request_id: str
    content: str
    attributes: dict[str, str] | None


class DeleteMessage(msgspec.Struct, frozen=True, gc=False):
    request_id: str
    id: str
    reason: str | None


class DisconnectUser(msgspec.Struct, frozen=True, gc=False):
    request_id: str
    user_id: str
    reason: str | None


Request = SendMessage | DeleteMessage | DisconnectUser

_NAMES = ("Action", "RequestId", "Content", "Attributes", "Id", "Reason", "UserId")
_EXACT = frozenset(_NAMES)
_BY_LOWER = {name.lower(): name for name in _NAMES}

_NO_OBJECT: Fields = {}

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: kept
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})"  # a surrogate alone
    rb"|.)",  # any other escape: kept
    re.DOTALL,
)
_MESSAGE_ID = re.compile("[a-zA-Z0-9]{12}")


def malformed(what: str, request_id: str = "") -> Refusal:
    return Refusal(400, f"Request is malformed or invalid: {what}", request_id)


def too_large(what: str, request_id: str) -> Refusal:
    return Refusal(413, f"Payload too large: {what}", request_id)


def read(payload: bytes) -> Fields | Refusal:
    """The members of the frame, their names in the documented case; nulls stay in it."""
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        value = _read_lone_surrogates(payload)
    fields: Fields = value if isinstance(value, dict) else _NO_OBJECT
    if not fields.keys() <= _EXACT:
        fields = _with_documented_case(fields)
    if len(payload) > MAX_FRAME_BYTES:
        return too_large("frame", request_id_of(fields))
    return malformed("not a JSON object") if fields is _NO_OBJECT else fields


def request_id_of(fields: Fields) -> str:
    """The RequestId as far as it can be echoed: "" when there is none, or none that is text."""
    request_id = fields.get("RequestId")
    return request_id if type(request_id) is str else ""


def _read_lone_surrogates(payload: bytes) -> object:
    """The frame with U+FFFD for surrogates that stand alone; None if that does not help."""
    mended = _ESCAPE.sub(lambda m: rb"\ufffd" if m[1] else m[0], payload)
    try:
        return orjson.loads(mended)
    except orjson.JSONDecodeError:
        return None


def _with_documented_case(fields: Fields) -> Fields:
    documented = {name: value for name, value in fields.items() if name in _EXACT}
    for name, value in fields.items():
        documented.setdefault(_BY_LOWER.get(name.lower(), name), value)
    return documented


def _text(fields: Fields, name: str, limit: int, request_id: str) -> str | Refusal | None:
    """A string of at most ``limit`` code points; None when there is none or it is empty."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    if type(value) is not str:
        return malformed(name, request_id)
    return value if len(value) <= limit else too_large(name, request_id)


def _send(fields: Fields, request_id: str, maximum_length: int) -> Request | Refusal:
    content = fields.get("Content")
    if type(content) is not str or not content:
        return malformed("Content", request_id)
    if len(content) > maximum_length:
        text = f"Message exceeds the maximum length of {maximum_length} characters"
        return Refusal(400, text, request_id)
    attributes = fields.get("Attributes")
    if attributes is not None:
        if not is_string_map(attributes):
            return malformed("Attributes", request_id)
        if size(attributes) > MESSAGE_BYTES:
            return too_large("Attributes", request_id)
    return SendMessage(request_id, content, attributes)


def _delete(fields: Fields, request_id: str, _maximum_length: int) -> Request | Refusal:
    message_id = fields.get("Id")
    if type(message_id) is not str or not _MESSAGE_ID.fullmatch(message_id):
        return malformed("Id", request_id)
    reason = _text(fields, "Reason", MAX_REASON, request_id)
    if isinstance(reason, Refusal):
        return reason
    return DeleteMessage(request_id, message_id, reason)


def _disconnect(fields: Fields, request_id: str, _maximum_length: int) -> Request | Refusal:
    user_id = _text(fields, "UserId", MAX_USER_ID, request_id)
    if user_id is None:
        return malformed("UserId", request_id)
    if isinstance(user_id, Refusal):
        return user_id
    reason = _text(fields, "Reason", MAX_REASON, request_id)
    if isinstance(reason, Refusal):
        return reason
    return DisconnectUser(request_id, user_id, reason)


READERS: Mapping[str, Callable[[Fields, str, int], Request | Refusal]] = {
    SEND_MESSAGE: _send,
    DELETE_MESSAGE: _delete,
    DISCONNECT_USER: _disconnect,
}
"""Action -> the checks of its fields, given the RequestId and the room's maximum length."""


def request_id_fault(fields: Fields) -> Refusal | None:
    """What is wrong with the RequestId itself."""
    given = fields.get("RequestId")
    if given is None or (type(given) is str and len(given) <= MAX_REQUEST_ID):
        return None
    request_id = request_id_of(fields)
    return too_large("RequestId", request_id) if request_id else malformed("RequestId")
