"""The request parser of one operation: labels, query, headers and body to the operation's input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

from hubbub.wire.constraints import NOT_NULL, check_of
from hubbub.wire.errors import Failure, SerializationFailure, ValidationFailure
from hubbub.wire.headerlists import split_header_dates, split_header_list
from hubbub.wire.readers import BodyReaders, Reader, text_reader
from hubbub.wire.shapes import Member, Shape
from hubbub.wire.timestamps import DEFAULT_FORMS

Labels = Mapping[str, str]
"""Label name -> what stood in the path, still percent-encoded."""
Query = Sequence[tuple[str, str]]
"""Decoded names and values, in the order sent, repeats kept."""
Headers = Mapping[str, str]
"""Names in lower case; repeats joined with a comma."""


class Parts(NamedTuple):
    """A request as far as its operation's input is concerned."""

    labels: Labels
    query: Query
    headers: Headers
    body: bytes


Params = dict[str, Any]
Failures = list[Failure]
Step = Callable[[Parts, Params, Failures], None]
RequestParser = Callable[[Parts], Params]
MOST_FAILURES = 100


def parse_query(raw_query: str) -> list[tuple[str, str]]:
    """Split, then decode. A plus stays a plus. Raise SerializationFailure if it is not UTF-8."""
    return [
        (decoded(name), decoded(value))
        for name, _, value in (each.partition("=") for each in raw_query.split("&") if each)
    ]


def decoded(text: str) -> str:
    """Percent-decode once. Raise SerializationFailure if the result is not UTF-8."""
    if text.isascii():
        # Most of what is encoded at all are ARNs; a percent sign that is left has to be decoded.
        plain = text.replace("%3A", ":").replace("%2F", "/") if "%" in text else text
        if "%" not in plain:
            return plain
    try:
        # latin-1: what a server hands on for bytes that should have been percent-encoded.
        return unquote(text, encoding="latin-1").encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise SerializationFailure("the path or query is not percent-encoded UTF-8") from None


def compile_request(shape: Shape | None, readers: BodyReaders) -> RequestParser:
    """The parser for an operation's input; None is an operation without input.

    It raises SerializationFailure or ValidationFailure.
    """
    if shape is None:
        return lambda parts: {}
    members = list(shape.members())
    payload = shape.get("payload")
    steps = [_STEPS[each.location](each) for each in members if each.location]
    if payload:
        steps.append(_payload(next(each for each in members if each.name == payload), readers))
    elif in_body := [each for each in members if not each.location]:
        steps.append(_body(in_body, readers))
    required = shape.required

    def parse(parts: Parts) -> Params:
        params: Params = {}
        failures: Failures = []
        try:
            for step in steps:
                step(parts, params, failures)
        except RecursionError:
            raise SerializationFailure("the request body is nested too deeply") from None
        for name in required:
            if name not in params:
                failures.append(Failure(name, NOT_NULL))
        if failures:
            raise ValidationFailure(failures[:MOST_FAILURES])
        return params

    return parse


def load_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise SerializationFailure("the request body is not valid JSON") from None


def _body(members: Sequence[Member], readers: BodyReaders) -> Step:
    table = {each.wire_name: (each.name, readers.of(each)) for each in members}

    def step(parts: Parts, params: Params, failures: Failures) -> None:
        if not parts.body:
            return
        document = load_json(parts.body)
        if type(document) is not dict:
            raise SerializationFailure("the request body must be a JSON object")
        for wire_name, value in document.items():
            if value is not None and (found := table.get(wire_name)) is not None:
                name, read = found
                params[name] = read(value, name, failures)

    return step


def _payload(member: Member, readers: BodyReaders) -> Step:
    kind = member.shape.type
    if kind == "blob":
        as_is = check_of(member.shape)
        read: Reader = lambda value, path, failures: _checked(value, path, failures, as_is)  # noqa: E731
    elif kind == "string":
        read_text = text_reader(member, "body")
        read = lambda value, path, failures: read_text(_text(value), path, failures)  # noqa: E731
    else:
        read_json = readers.of(member)

        def read(value: bytes, path: str, failures: list[Failure]) -> Any:
            document = load_json(value)
            if document is None and kind != "document":
                raise SerializationFailure("the request body must be a JSON object")
            return read_json(document, path, failures)

    def step(parts: Parts, params: Params, failures: Failures) -> None:
        if parts.body:
            params[member.name] = read(parts.body, member.name, failures)

    return step


def _checked(value: Any, path: str, failures: list[Failure], check: Any) -> Any:
    if check is not None and (broken := check(value)) is not None:
        failures.append(Failure(path, broken))
    return value


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise SerializationFailure("the request body is not UTF-8") from None


def _label(member: Member) -> Step:
    read = text_reader(member, "uri")
    label, name = member.wire_name, member.name

    def step(parts: Parts, params: Params, failures: Failures) -> None:
        text = decoded(parts.labels[label])
        if not text:
            failures.append(Failure(name, "must not be empty"))
            params[name] = text
        else:
            params[name] = read(text, name, failures)

    return step


def _query(member: Member) -> Step:
    shape, name, wanted = member.shape, member.name, member.wire_name
    if shape.type == "map":
        return _query_map(member)
    if shape.type == "list":
        read_item = text_reader(shape.item, "querystring")
        check = check_of(shape)

        def list_step(parts: Parts, params: Params, failures: Failures) -> None:
            texts = [value for key, value in parts.query if key == wanted]
            if texts:
                _checked(texts, name, failures, check)
                params[name] = [
                    read_item(text, f"{name}.{index}", failures) for index, text in enumerate(texts)
                ]

        return list_step
    read = text_reader(member, "querystring")

    def step(parts: Parts, params: Params, failures: Failures) -> None:
        for key, value in parts.query:
            if key == wanted:
                params[name] = read(value, name, failures)
                return

    return step


def _query_map(member: Member) -> Step:
    """All parameters, those bound by name as well."""
    name = member.name
    value = member.shape.value
    takes_all = value.shape.type == "list"
    read = text_reader(value.shape.item if takes_all else value, "querystring")
    read_key = text_reader(member.shape.key, "querystring")

    def step(parts: Parts, params: Params, failures: Failures) -> None:
        collected: dict[str, Any] = {}
        for key, text in parts.query:
            item = read(text, f"{name}.value", failures)
            read_key(key, f"{name}.key", failures)
            if takes_all:
                collected.setdefault(key, []).append(item)
            else:
                collected.setdefault(key, item)
        if collected:
            params[name] = collected

    return step


def _header(member: Member) -> Step:
    shape, name, header = member.shape, member.name, member.wire_name.lower()
    if shape.type == "list":
        item = shape.item
        read_item = text_reader(item, "header")
        check = check_of(shape)
        has_commas = (
            item.shape.type == "timestamp"
            and item.timestamp_form(DEFAULT_FORMS["header"]) == "rfc822"
        )
        split = split_header_dates if has_commas else split_header_list

        def list_step(parts: Parts, params: Params, failures: Failures) -> None:
            value = parts.headers.get(header)
            if value is not None:
                texts = split(header_text(value))
                _checked(texts, name, failures, check)
                params[name] = [
                    read_item(text, f"{name}.{index}", failures) for index, text in enumerate(texts)
                ]

        return list_step
    read = text_reader(member, "header")

    def step(parts: Parts, params: Params, failures: Failures) -> None:
        value = parts.headers.get(header)
        if value is not None:
            params[name] = read(header_text(value), name, failures)

    return step


def header_text(value: str) -> str:
    """A header value that was decoded as latin-1, as the UTF-8 that it is, where it is."""
    if value.isascii():
        return value.strip()
    try:
        return value.encode("latin-1").decode().strip()
    except UnicodeError:
        return value.strip()


def _prefix_headers(member: Member) -> Step:
    name, prefix = member.name, member.wire_name.lower()
    read = text_reader(member.shape.value, "header")

    def step(parts: Parts, params: Params, failures: Failures) -> None:
        found = {
            header[len(prefix) :]: read(header_text(value), f"{name}.value", failures)
            for header, value in parts.headers.items()
            if header.startswith(prefix)
        }
        if found:
            params[name] = found

    return step


_STEPS: dict[str | None, Callable[[Member], Step]] = {
    "uri": _label,
    "querystring": _query,
    "header": _header,
    "headers": _prefix_headers,
}
