"""Requests are parsed into the input that the conformance data demands."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.wire.models import Model
from hubbub.wire.requests import Parts, parse_query
from hubbub.wire.router import Router
from hubbub.wire.shapes import Shape
from tests.wire.conformance import cases, same, service

FILE = "rest-json/requests"


def _prefix_keys_lower(params: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
    """Keys of a map that is bound to prefix headers compare without case."""
    bound = (
        {each.name for each in shape.members() if each.location == "headers"} if shape else set()
    )
    return {
        name: {key.lower(): each for key, each in value.items()} if name in bound else value
        for name, value in params.items()
    }


@pytest.mark.parametrize("case", cases(FILE))
def test_request(case: dict[str, Any]) -> None:
    registered = service(FILE, case["model"])
    model: Model = registered.model
    request = case["request"]
    path, _, raw_query = request["uri"].partition("?")
    query = parse_query(raw_query)
    (match,) = Router([registered]).match(request["method"], path, query)
    assert match.route.operation.name == case["operation"]
    headers = {
        name.lower(): value.encode().decode("latin-1") for name, value in request["headers"].items()
    }

    parsed = match.route.operation.parse(
        Parts(match.labels, query, headers, request["body"].encode())
    )

    shape = model.operations[case["operation"]].input_shape
    accepted = [case["params"], *case.get("also_ok", [])]
    assert any(
        same(_prefix_keys_lower(parsed, shape), _prefix_keys_lower(each, shape))
        for each in accepted
    ), (parsed, accepted)
