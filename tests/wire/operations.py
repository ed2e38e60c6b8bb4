"""Requests for operations of the four models, made from the models themselves."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from hubbub.wire.models import Operation
from tests.wire.examples import example
from tests.wire.in_process import Request

Input = dict[str, Any]  # member name -> value as JSON


def complete(operation: Operation, *, large: bool = False, full: bool = True) -> Input:
    """An input that is allowed, with all members or (`full` False) the required ones."""
    shape = operation.input_shape
    if shape is None:
        return {}
    return {
        each.name: (
            "2026-05-04T10:11:12Z"
            if each.shape.type == "timestamp" and each.location
            else example(each.shape, large=large, full=full)
        )
        for each in shape.members()
        if full or each.name in shape.required
    }


def request_for(operation: Operation, given: Input) -> Request:
    """The request that carries this input, whether it is allowed or not."""
    path, _, fixed = operation.uri.partition("?")
    query = [fixed] if fixed else []
    headers = []
    body: Input = {}
    shape = operation.input_shape
    has_body = False
    for member in shape.members() if shape else ():
        has_body = has_body or not member.location
        if member.name not in given:
            continue
        value = given[member.name]
        if member.location == "uri":
            path = path.replace("{" + member.wire_name + "}", quote(_text(value), safe=""))
        elif member.location == "querystring":
            for each in value if isinstance(value, list) else [value]:
                query.append(f"{quote(member.wire_name)}={quote(_text(each), safe='')}")
        elif member.location == "header":
            headers.append((member.wire_name, _text(value)))
        else:
            body[member.wire_name] = value
    if has_body:
        headers.append(("Content-Type", "application/json"))
    return Request(
        operation.method,
        path + ("?" + "&".join(query) if query else ""),
        headers,
        json.dumps(body).encode() if has_body else b"",
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
