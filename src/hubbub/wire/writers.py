"""Writers: values that an operation returns to values that `orjson` can write.

A writer of None means "as it is". Timestamps may be given as `datetime` (naive: UTC) or as an
integer of epoch microseconds; blobs as bytes. Members whose value is None are left out.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from hubbub.wire.shapes import Member, ModelError, Shape
from hubbub.wire.timestamps import BODY_WRITERS, DEFAULT_FORMS, TEXT_WRITERS

Writer = Callable[[Any], Any]
_AS_IS = ("string", "character", "integer", "long", "short", "byte", "boolean", "document")


class BodyWriters:
    """Writers of JSON values, one a shape, made when first needed."""

    def __init__(self) -> None:
        self._made: dict[str, Writer | None] = {}

    def of(self, member: Member) -> Writer | None:
        shape = member.shape
        if member.is_jsonvalue:
            return lambda value: orjson.dumps(value).decode()
        if shape.type == "timestamp":
            return BODY_WRITERS[member.timestamp_form(DEFAULT_FORMS["body"])]
        return self.of_shape(shape)

    def of_shape(self, shape: Shape) -> Writer | None:
        if shape.type in _AS_IS:
            return None
        if shape.name in self._made:
            return self._made[shape.name]
        try:
            make = _BODY_MAKERS[shape.type]
        except KeyError:
            raise ModelError(f"shape {shape.name} is a {shape.type}") from None
        # Recursive shapes find this writer while the real one is still being made.
        actual: list[Writer | None] = []
        self._made[shape.name] = lambda value: value if actual[0] is None else actual[0](value)
        actual.append(make(shape, self))
        self._made[shape.name] = actual[0]
        return actual[0]

    def structure(self, members: list[Member]) -> Writer:
        """A writer for a structure of these members."""
        table = [(each.name, each.wire_name, self.of(each)) for each in members]

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            result = {}
            for name, wire_name, write_member in table:
                each = value.get(name)
                if each is not None:
                    result[wire_name] = each if write_member is None else write_member(each)
            return result

        return write


def _structure(shape: Shape, writers: BodyWriters) -> Writer:
    return writers.structure(list(shape.members()))


def _list(shape: Shape, writers: BodyWriters) -> Writer:
    write_item = writers.of(shape.item)
    if write_item is None:
        return list
    if shape.get("sparse"):
        return lambda value: [None if each is None else write_item(each) for each in value]
    return lambda value: [write_item(each) for each in value]


def _map(shape: Shape, writers: BodyWriters) -> Writer | None:
    write_value = writers.of(shape.value)
    if write_value is None:
        return None
    return lambda value: {
        key: None if each is None else write_value(each) for key, each in value.items()
    }


def to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _blob(shape: Shape, writers: BodyWriters) -> Writer:
    return to_base64


def _json_float(value: float) -> float | str:
    return value if math.isfinite(value) else _float_text(value)


def _float(shape: Shape, writers: BodyWriters) -> Writer:
    return _json_float


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(value)


_BODY_MAKERS: dict[str, Callable[[Shape, BodyWriters], Writer | None]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "blob": _blob,
    "float": _float,
    "double": _float,
}
_TEXT_WRITERS: dict[str, Callable[[Any], str]] = {
    "string": str,
    "character": str,
    "integer": str,
    "long": str,
    "short": str,
    "byte": str,
    "float": _float_text,
    "double": _float_text,
    "boolean": lambda value: "true" if value else "false",
    "blob": to_base64,
}


def header_writer(member: Member) -> Callable[[Any], str]:
    """The writer of a scalar that stands in a header."""
    if member.is_jsonvalue:
        return lambda value: to_base64(orjson.dumps(value))
    if member.shape.type == "timestamp":
        return TEXT_WRITERS[member.timestamp_form(DEFAULT_FORMS["header"])]
    if member.shape.type not in _TEXT_WRITERS:
        raise ModelError(f"a {member.shape.type} cannot stand in a header")
    return _TEXT_WRITERS[member.shape.type]
