import hashlib
import hmac
from dataclasses import replace

import pytest

from hubbub.wire import Claim, Credentials, SignatureRefused, SignedRequest
from hubbub.wire.sigv4 import (
    KEY_CACHE_SIZE,
    Verifier,
    canonical_path,
    canonical_query,
    canonical_request,
    epoch_seconds,
    read_claim,
    without_signature,
)

KEY = Credentials("AKID/with/slashes", "secret", "123456789012", "arn:aws:iam::123456789012:root")
NOW = epoch_seconds("20260504T101112Z")
SCOPE = "20260504/us-west-2/ivschat/aws4_request"


def signature(request: SignedRequest, query: str, signed: tuple[str, ...], secret: str) -> str:
    """By the letter of AWS's description, apart from the canonical request."""
    payload = hashlib.sha256(request.body).hexdigest()
    canonical = canonical_request(request, signed, payload, query)
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in SCOPE.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    text = f"AWS4-HMAC-SHA256\n20260504T101112Z\n{SCOPE}\n{digest}"
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def by_header(path: str = "/", query: str = "", *, canonical: str | None = None) -> SignedRequest:
    headers = {"host": "h", "x-amz-date": "20260504T101112Z"}
    request = SignedRequest("GET", path, query, headers, b"")
    if canonical is None:
        canonical = canonical_query(query)
    found = signature(request, canonical, ("host", "x-amz-date"), KEY.secret_access_key)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={KEY.access_key_id}/{SCOPE},"
        f"SignedHeaders=host;x-amz-date,Signature={found}"
    )
    return request


def by_query(extra: str = "", expires: str = "60", credential: str = "") -> SignedRequest:
    query = (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential or f'AKID/{SCOPE}'}"
        f"&X-Amz-Date=20260504T101112Z&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host{extra}"
    )
    request = SignedRequest("GET", "/connect", query, {"host": "h"}, b"")
    found = signature(request, canonical_query(query), ("host",), KEY.secret_access_key)
    return replace(request, query=f"{query}&X-Amz-Signature={found}")


def verify(request: SignedRequest, key: Credentials | None = KEY, now: float = NOW) -> Claim:
    claim = read_claim(request)
    Verifier().verify(request, claim, key, now)
    return claim


def refused(request: SignedRequest, key: Credentials | None = KEY, now: float = NOW) -> str:
    with pytest.raises(SignatureRefused) as caught:
        verify(request, key, now)
    assert caught.value.status == 403
    return caught.value.code


def test_a_signature_in_the_header() -> None:
    claim = verify(by_header())

    assert claim.access_key_id == KEY.access_key_id
    assert (claim.scope.region, claim.scope.service) == ("us-west-2", "ivschat")
    assert not claim.in_query


def test_a_signature_in_the_query() -> None:
    request = by_query("&sessionId=1")

    assert verify(request).in_query
    assert without_signature(request.query) == "sessionId=1"
    assert without_signature("a=b&c") == "a=b&c"


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("b=2&a=1&a=0", "a=0&a=1&b=2"),
        ("a%2fb=%7E", "a%2Fb=~"),
        ("time=10:11", "time=10%3A11"),
        ("time=10:11", "time=10:11"),  # as botocore's signer leaves it
        ("a=b+c", "a=b%2Bc"),
        ("flag", "flag="),
        ("&&a=1", "a=1"),
    ],
)
def test_queries(query: str, canonical: str) -> None:
    verify(by_header("/", query, canonical=canonical))


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        ("", "/"),
        ("/CreateRoom", "/CreateRoom"),
        ("/tags/arn%3Aaws", "/tags/arn%253Aaws"),
        ("/a//b/./c/../d", "/a/b/d"),
        ("/a/..", "/"),
        ("/a/b/..", "/a/"),
        ("/a/", "/a/"),
        ("/..", "/"),
        ("/.hidden", "/.hidden"),
        ("/a b:c", "/a%20b%3Ac"),
        ("/\xc3\xa9", "/%C3%A9"),
    ],
)
def test_paths(path: str, canonical: str) -> None:
    assert canonical_path(path) == canonical
    verify(by_header(path))


def test_a_token_that_joined_the_query_after_signing() -> None:
    temporary = replace(KEY, session_token="to/ken")
    request = by_query()
    late = replace(request, query=f"{request.query}&X-Amz-Security-Token=to%2Fken")

    assert verify(late, temporary).session_token == "to/ken"
    assert refused(request, temporary) == "UnrecognizedClientException"
    assert refused(late) == "UnrecognizedClientException"
    assert refused(replace(late, query=late.query + "x"), temporary) == (
        "UnrecognizedClientException"
    )


INCOMPLETE = "IncompleteSignatureException"
INVALID = "InvalidSignatureException"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (by_query("&X-Amz-Date=20260504T101112Z"), INCOMPLETE),
        (by_query(expires=""), INCOMPLETE),
        (by_query(expires="-1"), INCOMPLETE),
        (by_query(expires="1.5"), INCOMPLETE),
        (by_query(expires="0"), INVALID),
        (by_query(expires="604801"), INVALID),
        (by_query(credential="AKID/20260504/us-west-2/ivschat"), INCOMPLETE),
        (by_query(credential="AKID/20260504/us-west-2/ivschat/aws5_request"), INVALID),
        (by_query(credential="AKID/20260503/us-west-2/ivschat/aws4_request"), INVALID),
        (SignedRequest("GET", "/", "X-Amz-Signature=", {}, b""), INCOMPLETE),
        (
            SignedRequest("GET", "/", "X-Amz-Other=1", {}, b""),
            "MissingAuthenticationTokenException",
        ),
        (SignedRequest("GET", "/", "", {"authorization": ""}, b""), INCOMPLETE),
    ],
)
def test_refused_claims(request_: SignedRequest, code: str) -> None:
    assert refused(request_) == code


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("SHA256", "SHA512", INCOMPLETE),
        ("SignedHeaders=host;x-amz-date", "SignedHeaders=x-amz-date", INVALID),
        ("SignedHeaders=host;x-amz-date", "SignedHeaders=host;x-absent", INVALID),
        ("SignedHeaders", "Signedheaders", INCOMPLETE),
        ("Credential=", "Credentials=", INCOMPLETE),
        ("20260504/", "20260504//", INCOMPLETE),
        ("/us-west-2/", "/us_west/", INVALID),
        ("Signature=", "Signature=é", INVALID),
    ],
)
def test_refused_headers(old: str, new: str, code: str) -> None:
    request = by_header()
    changed = request.headers["authorization"].replace(old, new)
    altered = replace(request, headers={**request.headers, "authorization": changed})

    assert refused(altered) == code


@pytest.mark.parametrize("date", ["20261304T101112Z", "00000101T000000Z", "20260504T251112Z", "x"])
def test_refused_dates(date: str) -> None:
    request = by_header()
    altered = replace(request, headers={**request.headers, "x-amz-date": date})

    assert refused(altered) == INCOMPLETE


def test_presigned_requests_may_be_no_further_ahead_than_others() -> None:
    assert refused(by_query(), now=NOW - 901) == INVALID
    verify(by_query(), now=NOW - 899)


def test_a_changed_secret_counts_at_once_and_the_cache_stays_small() -> None:
    verifier, request = Verifier(), by_header()
    claim = read_claim(request)
    verifier.verify(request, claim, KEY, NOW)

    for number in range(KEY_CACHE_SIZE + 10):
        with pytest.raises(SignatureRefused):
            verifier.verify(request, claim, replace(KEY, secret_access_key=str(number)), NOW)

    verifier.verify(request, claim, KEY, NOW)
    assert verifier.cached_keys == KEY_CACHE_SIZE
