"""Canonical requests and verdicts on signatures are those of AWS's own test suite."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import pytest

from hubbub.wire import Credentials, SignatureRefused, SignedRequest
from hubbub.wire.sigv4 import Verifier, canonical_query, canonical_request, read_claim
from tests.wire.conformance import cases

FILE = "sigv4/cases"


def signed_request(request: dict[str, Any]) -> SignedRequest:
    """As an ASGI server hands it on: bytes as latin-1, repeats joined."""
    path, _, query = request["target"].encode().decode("latin-1").partition("?")
    headers: dict[str, str] = {}
    for name, value in request["headers"]:
        low, text = name.lower(), value.encode().decode("latin-1").strip()
        headers[low] = f"{headers[low]},{text}" if low in headers else text
    return SignedRequest(request["method"], path, query, headers, request["body"].encode())


FORMS = [
    pytest.param(*each.values, form, id=f"{each.id}/{form}")
    for each in cases(FILE, "vectors")
    for form in ("header", "query")
    if form in each.values[0]
]


@pytest.mark.parametrize(("vector", "form"), FORMS)
def test_canonical_request(vector: dict[str, Any], form: str) -> None:
    expected = vector[form]
    request = signed_request(expected["signed_request"])
    claim = read_claim(request)
    left_out = {"X-Amz-Signature"}
    if vector["omit_session_token"]:
        left_out.add("X-Amz-Security-Token")

    actual = canonical_request(
        request,
        claim.scope.signed_headers,
        hashlib.sha256(request.body).hexdigest(),
        canonical_query(request.query, frozenset(left_out) if form == "query" else frozenset()),
        vector["normalize_path"],
    )

    assert actual.encode("latin-1").decode() == expected["canonical_request"]
    assert claim.signature == expected["signature"]


@pytest.mark.parametrize("case", cases(FILE, "verifications"))
def test_verification(case: dict[str, Any]) -> None:
    known = case["credentials"]
    credentials = Credentials(
        known["access_key_id"],
        known["secret_access_key"],
        "123456789012",
        "arn:aws:iam::123456789012:root",
        session_token=known["token"],
    )
    request = signed_request(case["request"])
    now = datetime.fromisoformat(case["now"]).timestamp()

    def verify() -> None:
        claim = read_claim(request)
        found = credentials if claim.access_key_id == credentials.access_key_id else None
        Verifier(normalize_path=known["normalize_path"]).verify(request, claim, found, now)
        assert (claim.scope.region, claim.scope.service) == (known["region"], known["service"])

    if case["expect"] == "ok":
        verify()
    else:
        with pytest.raises(SignatureRefused) as refused:
            verify()
        assert refused.value.status == 403
