"""Output of an operation to XML, and errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from hubbub.wire.errors import ServiceError
from hubbub.wire.responses import Answer, ResponseWriter
from hubbub.wire.shapes import Member, ModelError, Shape
from hubbub.wire.styles import ErrorStyle
from hubbub.wire.timestamps import TEXT_WRITERS
from hubbub.wire.writers import to_base64

XML = (b"content-type", b"text/xml")

Writer = Callable[[str, Any], str]
"""Name of the element and value -> XML."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SCALARS: dict[str, Callable[[Any], str]] = {
    "string": str,
    "character": str,
    "integer": str,
    "long": str,
    "short": str,
    "byte": str,
    "float": str,
    "double": str,
    "boolean": lambda value: "true" if value else "false",
    "blob": to_base64,
}


def text(value: str) -> str:
    """Escaped; what XML cannot hold at all becomes U+FFFD."""
    return escape(_NOT_XML.sub("\ufffd", value))


def element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def compile_response(
    operation: str, wrapper: str, namespace: str, shape: Shape | None
) -> ResponseWriter:
    """The serialiser for an operation's output."""
    write_result = _structure(shape) if shape is not None else None

    def write(result: Mapping[str, Any], request_id: str = "") -> Answer:
        content = write_result(wrapper, result) if write_result else ""
        metadata = element("ResponseMetadata", element("RequestId", text(request_id)))
        body = f'<{operation}Response xmlns="{namespace}">{content}{metadata}</{operation}Response>'
        return Answer(200, [XML], body.encode())

    return write


def _writer(member: Member) -> Writer:
    shape = member.shape
    if shape.type == "timestamp":
        write_time = TEXT_WRITERS[member.timestamp_form("iso8601")]
        return lambda name, value: element(name, write_time(value))
    if shape.type in _SCALARS:
        write_scalar = _SCALARS[shape.type]
        return lambda name, value: element(name, text(write_scalar(value)))
    try:
        return _MAKERS[shape.type](shape)
    except KeyError:
        raise ModelError(f"shape {shape.name} is a {shape.type}") from None


def _structure(shape: Shape) -> Writer:
    # Made when first needed: shapes may be part of themselves.
    made: list[tuple[str, str, Writer]] = []

    def write(name: str, value: Mapping[str, Any]) -> str:
        if not made:
            made.extend((each.name, each.wire_name, _writer(each)) for each in shape.members())
        inner = [
            write_member(wire_name, value[member])
            for member, wire_name, write_member in made
            if value.get(member) is not None
        ]
        return element(name, "".join(inner))

    return write


def _list(shape: Shape) -> Writer:
    item = shape.item
    write_item = _writer(item)
    if shape.get("flattened"):
        return lambda name, value: "".join(write_item(name, each) for each in value)
    item_name = item.reference.get("locationName", "member")
    return lambda name, value: element(name, "".join(write_item(item_name, each) for each in value))


def _map(shape: Shape) -> Writer:
    key, value = shape.key, shape.value
    key_name = key.reference.get("locationName", "key")
    value_name = value.reference.get("locationName", "value")
    write_key, write_value = _writer(key), _writer(value)
    flattened = bool(shape.get("flattened"))

    def write(name: str, entries: Mapping[str, Any]) -> str:
        inner = "".join(
            element(
                name if flattened else "entry",
                write_key(key_name, key) + write_value(value_name, each),
            )
            for key, each in entries.items()
        )
        return inner if flattened else element(name, inner)

    return write


_MAKERS: dict[str, Callable[[Shape], Writer]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}


def write_error(error: ServiceError, style: ErrorStyle, namespace: str, request_id: str) -> Answer:
    status = error.status or 400
    members = style.body(error, request_id)
    members = {"Type": "Sender" if status < 500 else "Receiver", **members}
    content = "".join(element(name, text(str(value))) for name, value in members.items())
    body = (
        f'<ErrorResponse xmlns="{namespace}">{element("Error", content)}'
        f"{element('RequestId', text(request_id))}</ErrorResponse>"
    )
    return Answer(status, [XML], body.encode())
