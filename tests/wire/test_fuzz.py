"""Whatever comes in is answered with a named error below 500 (501 for what is not implemented)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.wire import TrustingAuthenticator
from hubbub.wire.door import FrontDoor
from hubbub.wire.models import Operation
from tests.wire.in_process import KEY, Request, door, exchange
from tests.wire.operations import complete, request_for
from tests.wire.services import SERVICES

VERIFYING = door(*SERVICES)
# The trusting door lets everything through to the router, the parsers and the checks.
TRUSTING = FrontDoor(SERVICES, TrustingAuthenticator(lambda claim: KEY))
OPERATIONS = [
    (service, operation) for service in SERVICES for operation in service.model.operations.values()
]
CLAIM = (
    "AWS4-HMAC-SHA256 Credential=AKID/20260504/us-west-2/{}/aws4_request,"
    " SignedHeaders=host, Signature=0"
)
RAW = st.binary(max_size=60)
JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["", "arn:aws:chime:::", "2026-05-04T10:11:12Z", "\x00", "😀"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
QUICK = settings(max_examples=200, deadline=None)


def answered(application: FrontDoor, scope: dict[str, Any], body: bytes) -> None:
    message = {"type": "http.request", "body": body}
    response = asyncio.run(exchange(application, scope, [message]))
    assert response.status in (200, 400, 403, 404, 405, 413, 501), response
    if scope["method"] != "OPTIONS":
        assert response.error_type
        assert isinstance(response.json, dict)


@pytest.mark.parametrize("application", [VERIFYING, TRUSTING], ids=["verifying", "trusting"])
@QUICK
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "X"]),
    path=RAW,
    query=RAW,
    headers=st.lists(st.tuples(RAW, RAW), max_size=6),
    authorization=RAW | st.sampled_from([CLAIM.format("chime").encode()]),
    body=st.binary(max_size=200),
)
def test_any_bytes(
    *,
    application: FrontDoor,
    method: str,
    path: bytes,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    authorization: bytes,
    body: bytes,
) -> None:
    scope = {
        "type": "http",
        "method": method,
        "path": "/",
        "raw_path": b"/" + path,
        "query_string": query,
        "headers": [
            *((name.lower(), value) for name, value in headers),
            (b"authorization", authorization),
            (b"x-amz-date", b"20260504T101112Z"),
        ],
        "client": None,
    }
    answered(application, scope, body)


def _sent(operation: Operation, service: str, changed: dict[str, Any]) -> Request:
    request = request_for(operation, changed)
    request.headers += [
        ("authorization", CLAIM.format(service)),
        ("x-amz-date", "20260504T101112Z"),
    ]
    return request


@QUICK
@given(data=st.data())
def test_any_value_in_any_place(data: st.DataObject) -> None:
    service, operation = data.draw(st.sampled_from(OPERATIONS))
    changed = complete(operation)
    shape = operation.input_shape
    for member in shape.members() if shape else ():
        if data.draw(st.booleans()):
            is_header = member.location == "header"
            value = data.draw(st.text("aä:/ -", max_size=9) if is_header else JSON)
            changed[member.name] = value
    request = _sent(operation, service.signing_name, changed)

    answered(TRUSTING, request.scope(), request.body)


@QUICK
@given(data=st.data())
def test_bodies_cut_and_patched(data: st.DataObject) -> None:
    service, operation = data.draw(st.sampled_from(OPERATIONS))
    request = _sent(operation, service.signing_name, complete(operation))
    body = bytearray(request.body)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))

    answered(TRUSTING, request.scope(), bytes(body))
