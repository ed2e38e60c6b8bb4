"""Results and modelled errors are serialised as the conformance data demands."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import Any

import pytest

from hubbub.wire import ServiceError
from hubbub.wire.headerlists import split_header_list
from hubbub.wire.responses import Answer, write_error
from hubbub.wire.shapes import Shape
from tests.wire.conformance import cases, same, service

FILE = "rest-json/responses"
FREE_IN_ERRORS = ("code", "Code", "message", "Message", "__type")
ISO8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def _answer(case: dict[str, Any]) -> Answer:
    registered = service(FILE, case["model"])
    if "error" not in case:
        return registered.model.operations[case["operation"]].write(case["result"] or {})
    members = dict(case["error"]["members"])
    message = members.pop("message", None) or members.pop("Message", "")
    error = ServiceError(case["error"]["shape"], message, members=members)
    shape = registered.model.error_shape(error.code)
    assert shape is not None
    return write_error(error, shape, registered.errors, registered.model.writers, "request-1")


def _header_kind(shape: Shape | None, header: str) -> str:
    for member in shape.members() if shape else ():
        if member.location == "header" and member.wire_name.lower() == header:
            return "jsonvalue" if member.is_jsonvalue else member.shape.type
    return "string"


def _comparable(value: Any) -> Any:
    """JSON with date-times as instants."""
    if isinstance(value, dict):
        return {key: _comparable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    if isinstance(value, str) and ISO8601.fullmatch(value):
        return datetime.fromisoformat(value)
    return value


@pytest.mark.parametrize("case", cases(FILE))
def test_response(case: dict[str, Any]) -> None:
    expected = case["response"]
    answer = _answer(case)
    headers = {name.decode().lower(): value.decode() for name, value in answer.headers}

    assert answer.status == expected["status"]
    shape = service(FILE, case["model"]).model.operations[case["operation"]].output_shape
    for name, value in expected["headers"].items():
        _compare_header(name.lower(), headers[name.lower()], value, shape)
    for name in expected.get("forbid_headers", ()):
        assert name.lower() not in headers
    _compare_body(answer.body, expected["body"], is_error="error" in case)


def _compare_header(name: str, actual: str, expected: str, shape: Shape | None) -> None:
    if name == "content-type":
        assert actual.partition(";")[0] == expected.partition(";")[0]
    elif name == "x-amzn-errortype":
        assert actual == expected.partition(":")[0].rpartition("#")[2]
    elif (kind := _header_kind(shape, name)) == "list":
        assert split_header_list(actual) == split_header_list(expected)
    elif kind == "jsonvalue":
        assert json.loads(base64.b64decode(actual)) == json.loads(base64.b64decode(expected))
    else:
        assert actual == expected


def _compare_body(actual: bytes, expected: dict[str, Any], *, is_error: bool) -> None:
    kind = expected["kind"]
    if kind == "bytes":
        assert actual == base64.b64decode(expected["base64"])
    elif kind == "empty_or_object":
        assert actual in (b"", b"{}")
    elif kind == "json":
        value = json.loads(actual)
        wanted = expected["value"]
        if is_error:
            for name in FREE_IN_ERRORS:
                if name not in wanted:
                    value.pop(name, None)
        assert same(_comparable(value), _comparable(wanted)), (value, wanted)
    else:
        assert kind == "any"
    if is_error:
        assert isinstance(json.loads(actual), dict)
