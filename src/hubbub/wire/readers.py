"""Readers: values of a request, as JSON or as text, to the values of an operation's input.

A reader takes ``(value, path, failures)``. It raises SerializationFailure for a value of the wrong
type (nothing is coerced), and appends to `failures` what breaks a constraint, with the path of the
member. So one pass both reads and checks, and what cannot be read wins over what is not allowed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

import orjson

from hubbub.wire.constraints import NOT_NULL, ONE_MEMBER, Check, check_of
from hubbub.wire.errors import Failure, SerializationFailure
from hubbub.wire.shapes import Member, ModelError, Shape
from hubbub.wire.timestamps import BODY_READERS, DEFAULT_FORMS, TEXT_READERS

Reader = Callable[[Any, str, list[Failure]], Any]
Convert = Callable[[Any], Any]
"""From one value to another; raises ValueError."""

DOCUMENT_DEPTH = 128
_INTEGER_BOUNDS = {
    "byte": (-(1 << 7), (1 << 7) - 1),
    "short": (-(1 << 15), (1 << 15) - 1),
    "integer": (-(1 << 31), (1 << 31) - 1),
    "long": (-(1 << 63), (1 << 63) - 1),
}
_SPECIAL_FLOATS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_INTEGER_TEXT = re.compile(r"-?[0-9]{1,20}")
_FLOAT_TEXT = re.compile(r"-?[0-9]{1,320}(?:\.[0-9]{1,320})?(?:[eE][+-]?[0-9]{1,4})?")
_INFINITIES = (float("inf"), float("-inf"))


def checked(convert: Convert, check: Check | None, kind: str) -> Reader:
    """A reader of one scalar. `kind` tells the caller what was expected: "an integer"."""

    def read(value: Any, path: str, failures: list[Failure]) -> Any:
        try:
            result = convert(value)
        except ValueError:
            raise SerializationFailure(f"{path} must be {kind}") from None
        if check is not None:
            broken = check(result)
            if broken is not None:
                failures.append(Failure(path, broken))
        return result

    return read


class BodyReaders:
    """Readers of JSON values, one a shape, made when first needed."""

    def __init__(self) -> None:
        self._made: dict[str, Reader] = {}

    def of(self, member: Member) -> Reader:
        """The reader for `member`, whose shape may be part of itself."""
        shape = member.shape
        if member.is_jsonvalue:
            return checked(_json_text, None, "JSON in a string")
        if shape.type == "timestamp":
            form = member.timestamp_form(DEFAULT_FORMS["body"])
            return checked(BODY_READERS[form], None, f"a timestamp ({form})")
        return self.of_shape(shape)

    def of_shape(self, shape: Shape) -> Reader:
        made = self._made.get(shape.name)
        if made is not None:
            return made
        try:
            make = _BODY_MAKERS[shape.type]
        except KeyError:
            raise ModelError(f"shape {shape.name} is a {shape.type}") from None
        if shape.type in _AGGREGATES:
            # Recursive shapes find this reader while the real one is still being made.
            stand_in = _StandIn()
            self._made[shape.name] = stand_in
            reader = stand_in.reader = make(shape, self)
        else:
            reader = make(shape, self)
        self._made[shape.name] = reader
        return reader


class _StandIn:
    """A reader that knows only later what it is."""

    reader: Reader

    def __call__(self, value: Any, path: str, failures: list[Failure]) -> Any:
        return self.reader(value, path, failures)


def _string(shape: Shape, _: BodyReaders) -> Reader:
    check = check_of(shape)

    def read(value: Any, path: str, failures: list[Failure]) -> str:
        if type(value) is not str:
            raise SerializationFailure(f"{path} must be a string")
        if check is not None:
            broken = check(value)
            if broken is not None:
                failures.append(Failure(path, broken))
        return value

    return read


def _integer(shape: Shape, _: BodyReaders) -> Reader:
    low, high = _INTEGER_BOUNDS[shape.type]

    def convert(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    return checked(convert, check_of(shape), "an integer")


def _float(shape: Shape, _: BodyReaders) -> Reader:
    def convert(value: Any) -> float:
        if type(value) is float:
            return value
        if type(value) is int:
            return float(value)
        if type(value) is str and value in _SPECIAL_FLOATS:
            return _SPECIAL_FLOATS[value]
        raise ValueError

    return checked(convert, check_of(shape), "a number")


def _boolean(shape: Shape, _: BodyReaders) -> Reader:
    def convert(value: Any) -> bool:
        if type(value) is not bool:
            raise ValueError
        return value

    return checked(convert, None, "a boolean")


def from_base64(value: Any) -> bytes:
    """Standard alphabet, padded, nothing else. Raise ValueError."""
    if type(value) is not str or len(value) % 4:
        raise ValueError
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError from error


def _blob(shape: Shape, _: BodyReaders) -> Reader:
    return checked(from_base64, check_of(shape), "a base64 string")


def _json_text(value: Any) -> Any:
    if type(value) is not str:
        raise ValueError
    return orjson.loads(value)


def _document(shape: Shape, _: BodyReaders) -> Reader:
    def read(value: Any, path: str, failures: list[Failure]) -> Any:
        level = [value]
        for _ in range(DOCUMENT_DEPTH):
            level = [
                each
                for outer in level
                if type(outer) in (dict, list)
                for each in (outer.values() if type(outer) is dict else outer)
            ]
            if not level:
                return value
        raise SerializationFailure(f"{path} is nested too deeply")

    return read


def _list(shape: Shape, readers: BodyReaders) -> Reader:
    read_item = readers.of(shape.item)
    check = check_of(shape)
    sparse = bool(shape.get("sparse"))

    def read(value: Any, path: str, failures: list[Failure]) -> list[Any]:
        if type(value) is not list:
            raise SerializationFailure(f"{path} must be a list")
        if check is not None and (broken := check(value)) is not None:
            failures.append(Failure(path, broken))
            # Past its bound a list is not worth a report on each of a million items.
            value = value[: shape.get("max") or len(value)]
        result: list[Any] = []
        for index, each in enumerate(value):
            if each is None:
                if not sparse:
                    raise SerializationFailure(f"{path}.{index} must not be null")
                result.append(None)
            else:
                result.append(read_item(each, f"{path}.{index}", failures))
        return result

    return read


def _map(shape: Shape, readers: BodyReaders) -> Reader:
    read_key = readers.of(shape.key)
    read_value = readers.of(shape.value)
    check = check_of(shape)
    sparse = bool(shape.get("sparse"))

    def read(value: Any, path: str, failures: list[Failure]) -> dict[str, Any]:
        if type(value) is not dict:
            raise SerializationFailure(f"{path} must be an object")
        if check is not None and (broken := check(value)) is not None:
            failures.append(Failure(path, broken))
            return value
        result: dict[str, Any] = {}
        for key, each in value.items():
            read_key(key, f"{path}.key", failures)
            if each is None:
                if not sparse:
                    raise SerializationFailure(f"{path}.value must not be null")
                result[key] = None
            else:
                result[key] = read_value(each, f"{path}.value", failures)
        return result

    return read


def _structure(shape: Shape, readers: BodyReaders) -> Reader:
    if shape.get("union"):
        return _union(shape, readers)
    table = {each.wire_name: (each.name, readers.of(each)) for each in shape.members()}
    required = shape.required

    def read(value: Any, path: str, failures: list[Failure]) -> dict[str, Any]:
        if type(value) is not dict:
            raise SerializationFailure(f"{path} must be an object")
        result = {}
        for wire_name, each in value.items():
            if each is not None and (found := table.get(wire_name)) is not None:
                name, read_member = found
                result[name] = read_member(each, f"{path}.{name}", failures)
        for name in required:
            if name not in result:
                failures.append(Failure(f"{path}.{name}", NOT_NULL))
        return result

    return read


def _union(shape: Shape, readers: BodyReaders) -> Reader:
    table = {each.wire_name: (each.name, readers.of(each)) for each in shape.members()}

    def read(value: Any, path: str, failures: list[Failure]) -> dict[str, Any]:
        if type(value) is not dict:
            raise SerializationFailure(f"{path} must be an object")
        given = {
            name: each for name, each in value.items() if each is not None and name != "__type"
        }
        if len(given) != 1 or not given.keys() <= table.keys():
            failures.append(Failure(path, ONE_MEMBER))
        return {
            table[name][0]: table[name][1](each, f"{path}.{table[name][0]}", failures)
            for name, each in given.items()
            if name in table
        }

    return read


_AGGREGATES = ("structure", "list", "map")
_BODY_MAKERS: dict[str, Callable[[Shape, BodyReaders], Reader]] = {
    "string": _string,
    "character": _string,
    "integer": _integer,
    "long": _integer,
    "short": _integer,
    "byte": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "blob": _blob,
    "document": _document,
    "list": _list,
    "map": _map,
    "structure": _structure,
}


def _integer_of_text(kind: str) -> Convert:
    low, high = _INTEGER_BOUNDS[kind]

    def convert(value: str) -> int:
        if _INTEGER_TEXT.fullmatch(value) is None or not low <= (number := int(value)) <= high:
            raise ValueError
        return number

    return convert


def _float_of_text(value: str) -> float:
    if value in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[value]
    if _FLOAT_TEXT.fullmatch(value) is None or (number := float(value)) in _INFINITIES:
        raise ValueError
    return number


def _boolean_of_text(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError
    return value == "true"


_TEXT_KINDS: dict[str, tuple[Convert, str]] = {
    "string": (str, "a string"),
    "character": (str, "a string"),
    "integer": (_integer_of_text("integer"), "an integer"),
    "long": (_integer_of_text("long"), "an integer"),
    "short": (_integer_of_text("short"), "an integer"),
    "byte": (_integer_of_text("byte"), "an integer"),
    "float": (_float_of_text, "a number"),
    "double": (_float_of_text, "a number"),
    "boolean": (_boolean_of_text, "true or false"),
    "blob": (from_base64, "base64"),
}


def text_reader(member: Member, location: str) -> Reader:
    """The reader of a scalar that stands in a path, query or header."""
    shape = member.shape
    if member.is_jsonvalue:
        in_base64 = location == "header"
        return checked(
            (lambda value: orjson.loads(from_base64(value))) if in_base64 else orjson.loads,
            None,
            "JSON in base64" if in_base64 else "JSON",
        )
    if shape.type == "timestamp":
        form = member.timestamp_form(DEFAULT_FORMS[location])
        return checked(TEXT_READERS[form], None, f"a timestamp ({form})")
    if shape.type not in _TEXT_KINDS:
        raise ModelError(f"a {shape.type} cannot stand in a {location}")
    convert, kind = _TEXT_KINDS[shape.type]
    return checked(convert, check_of(shape), kind)
