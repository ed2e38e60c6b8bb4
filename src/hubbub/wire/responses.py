"""The response serialiser of one operation, and of errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from hubbub.wire.errors import ServiceError
from hubbub.wire.headerlists import join_header_list
from hubbub.wire.shapes import Member, Shape
from hubbub.wire.styles import ErrorStyle
from hubbub.wire.timestamps import DEFAULT_FORMS
from hubbub.wire.writers import BodyWriters, header_writer

Header = tuple[bytes, bytes]
JSON = (b"content-type", b"application/json")


@dataclass(slots=True)
class Answer:
    """A response on its way out: status, headers beside those that every answer has, body."""

    status: int
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""


class ResponseWriter(Protocol):
    """Output -> answer. Some protocols tell the request's id in the body, too."""

    def __call__(self, result: Mapping[str, Any], request_id: str = "") -> Answer: ...


HeaderStep = Callable[[Mapping[str, Any], dict[str, str]], None]


def compile_response(shape: Shape | None, status: int, writers: BodyWriters) -> ResponseWriter:
    """The serialiser for an operation's output; None is an operation without output.

    Without an output shape, and with 204, the body is empty; an output without members is ``{}``.
    """
    if shape is None:
        return lambda result, request_id="": Answer(status, [JSON])
    members = list(shape.members())
    payload = shape.get("payload")
    write_body = _payload_writer(members, payload, writers) if payload else _body(members, writers)
    header_steps = [_HEADER_STEPS[each.location](each) for each in _outside_body(members)]
    status_member = next((each.name for each in members if each.location == "statusCode"), None)
    if not header_steps and status_member is None and not payload and status not in (204, 304):
        return lambda result, request_id="": Answer(status, [JSON], write_body(result)[1])

    def write(result: Mapping[str, Any], request_id: str = "") -> Answer:
        content_type, body = write_body(result)
        own_status = status
        if status_member is not None:
            own_status = result.get(status_member) or status
        headers = {"content-type": content_type}
        if own_status in (204, 304):
            body = b""
        for step in header_steps:
            step(result, headers)
        return Answer(own_status, encoded_headers(headers), body)

    return write


def encoded_headers(headers: Mapping[str, str]) -> list[Header]:
    """UTF-8; line breaks cannot be in a header, so they become blanks."""
    return [
        (name.encode(), value.replace("\r", " ").replace("\n", " ").encode())
        for name, value in headers.items()
    ]


def _outside_body(members: list[Member]) -> list[Member]:
    """Prefix headers first: a header bound by name wins over one from a map."""
    bound = [each for each in members if each.location in _HEADER_STEPS]
    return sorted(bound, key=lambda each: each.location != "headers")


def _body(
    members: list[Member], writers: BodyWriters
) -> Callable[[Mapping[str, Any]], tuple[str, bytes]]:
    write = writers.structure([each for each in members if not each.location])
    return lambda result: ("application/json", orjson.dumps(write(result)))


def _payload_writer(
    members: list[Member], payload: str, writers: BodyWriters
) -> Callable[[Mapping[str, Any]], tuple[str, bytes]]:
    member = next(each for each in members if each.name == payload)
    kind = member.shape.type
    if kind == "blob":
        return lambda result: ("application/octet-stream", result.get(payload) or b"")
    if kind == "string":
        return lambda result: ("text/plain", (result.get(payload) or "").encode())
    write = writers.of(member)

    def write_payload(result: Mapping[str, Any]) -> tuple[str, bytes]:
        value = result.get(payload)
        if value is None:
            return "application/json", b"" if kind == "document" else b"{}"
        return "application/json", orjson.dumps(value if write is None else write(value))

    return write_payload


def _header(member: Member) -> HeaderStep:
    name, header = member.name, member.wire_name.lower()
    if member.shape.type == "list":
        item = member.shape.item
        write_item = header_writer(item)
        is_date = (
            item.shape.type == "timestamp"
            and item.timestamp_form(DEFAULT_FORMS["header"]) == "rfc822"
        )
        join = ", ".join if is_date else join_header_list

        def list_step(result: Mapping[str, Any], headers: dict[str, str]) -> None:
            if (value := result.get(name)) is not None:
                headers[header] = join([write_item(each) for each in value])

        return list_step
    write = header_writer(member)

    def step(result: Mapping[str, Any], headers: dict[str, str]) -> None:
        if (value := result.get(name)) is not None:
            headers[header] = write(value)

    return step


def _prefix_headers(member: Member) -> HeaderStep:
    name, prefix = member.name, member.wire_name.lower()

    def step(result: Mapping[str, Any], headers: dict[str, str]) -> None:
        for key, value in (result.get(name) or {}).items():
            headers[prefix + key.lower()] = value

    return step


_HEADER_STEPS: dict[str | None, Callable[[Member], HeaderStep]] = {
    "header": _header,
    "headers": _prefix_headers,
}


def write_error(
    error: ServiceError,
    shape: Shape | None,
    style: ErrorStyle,
    writers: BodyWriters,
    request_id: str,
) -> Answer:
    """An error as JSON; `shape` is what the model says of it, if anything.

    Members that the model binds to headers go there; such that it does not know stay in the body.
    """
    status = error.status
    if status is None:
        declared = shape.get("error") if shape else None
        status = (declared or {}).get("httpStatusCode", 400)
    content = style.body(error, request_id)
    headers = {"x-amzn-errortype": error.code}
    if shape is not None:
        members = list(shape.members())
        _respell_message(content, {each.name for each in members})
        for each in _outside_body(members):
            _HEADER_STEPS[each.location](each)(content, headers)
        known = writers.structure([each for each in members if not each.location])(content)
        unknown = content.keys() - {each.name for each in members}
        content = known | {name: content[name] for name in content if name in unknown}
    return Answer(status, [JSON, *encoded_headers(headers)], orjson.dumps(content))


def _respell_message(content: dict[str, Any], members: set[str]) -> None:
    """Take the model's capitals for the message where they differ from the style's."""
    for ours, theirs in (("message", "Message"), ("Message", "message")):
        if ours in content and ours not in members and theirs in members:
            content[theirs] = content.pop(ours)
