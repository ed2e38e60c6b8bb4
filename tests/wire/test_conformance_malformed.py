"""Malformed requests, sent signed through the front door, are refused with a named error."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.conformance import cases, service
from tests.wire.in_process import Request, call, door

FILE = "rest-json/malformed"


@pytest.mark.parametrize("case", cases(FILE))
def test_malformed(case: dict[str, Any]) -> None:
    registered = service(FILE, case["model"])
    request = case["request"]
    sent = Request(
        request["method"],
        request["uri"],
        list(request["headers"].items()),
        request["body"].encode(),
    ).signed(registered.signing_name)

    response = call(door(registered), sent)

    if case.get("soft"):  # whether it is refused is the server's choice
        assert response.status == 501 or 400 <= response.status < 500
    else:
        assert response.status == case["expect"]["status"], response.body
    assert response.error_type
    assert response.json
