"""AWS Signature Version 4, the server's half: pure, it knows neither sockets nor stores.

    claim = read_claim(request)                       # who says so, and with what
    key = …                                           # look up claim.access_key_id
    verifier.verify(request, claim, key, now)         # raises SignatureRefused

Both the header form and the query form. The canonical path is the raw path, normalised and encoded
once more; the payload hash is always that of the body received (spec ivs-chat 1).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from hubbub.wire.errors import ServiceError
from hubbub.wire.service import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW_SECONDS = 15 * 60
LONGEST_EXPIRY_SECONDS = 7 * 24 * 3600
KEY_CACHE_SIZE = 10_000

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS"
    " Secret Access Key and signing method. Consult the service documentation for details."
)
_UNKNOWN_TOKEN = "The security token included in the request is invalid."  # noqa: S105
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+/?|/")
_ENCODED_PATH = re.compile(r"[A-Za-z0-9_.~%/-]*")
_BLANKS = re.compile(r"[ \t\r\n]+")
_UNUSUAL_IN_QUERY = re.compile(r"[^A-Za-z0-9._~%&=-]")
_REGION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,62}")
_AMZ_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256[ \t]+(.*)", re.DOTALL)
_QUERY_PARAMETERS = frozenset(
    (
        *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires"),
        *("X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token"),
    )
)


class SignatureRefused(ServiceError):
    """The request is not authenticated; `code` is a name of the table in spec ivs-chat 1."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, status=403)


def missing() -> SignatureRefused:
    return SignatureRefused("MissingAuthenticationTokenException", "Missing Authentication Token")


def incomplete(message: str) -> SignatureRefused:
    return SignatureRefused("IncompleteSignatureException", message)


def unrecognized() -> SignatureRefused:
    return SignatureRefused("UnrecognizedClientException", _UNKNOWN_TOKEN)


def invalid(message: str = _MISMATCH) -> SignatureRefused:
    return SignatureRefused("InvalidSignatureException", message)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers. Path and query are as they stood on the wire."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case; repeats joined with a comma
    body: bytes


@dataclass(frozen=True, slots=True)
class Scope:
    """The credential scope with the list of signed headers: the part that repeats."""

    access_key_id: str
    date: str  # "20260504"
    region: str
    service: str
    signed_headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its signer; nothing of it is proven yet."""

    scope: Scope
    amz_date: str  # "20260504T101112Z"
    signature: str
    session_token: str | None
    expires_seconds: int | None  # None: header form

    @property
    def access_key_id(self) -> str:
        return self.scope.access_key_id

    @property
    def in_query(self) -> bool:
        return self.expires_seconds is not None


def read_claim(request: SignedRequest) -> Claim:
    """The claim in a request's Authorization header or query.

    Raise SignatureRefused (MissingAuthenticationTokenException, IncompleteSignatureException).
    """
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return _claim_of_header(authorization, request.headers)
    if "X-Amz-" in request.query:
        parameters = _query_parameters(request.query)
        if "X-Amz-Algorithm" in parameters or "X-Amz-Signature" in parameters:
            return _claim_of_query(parameters)
    raise missing()


def _claim_of_header(authorization: str, headers: Mapping[str, str]) -> Claim:
    # Everything before the signature repeats from request to request and is read only once.
    repeating, separator, signature = authorization.rpartition("Signature=")
    if not separator:
        raise incomplete("Authorization header requires 'Signature' parameter.")
    amz_date = headers.get("x-amz-date", "").strip()
    if not amz_date:
        raise incomplete("Authorization header requires existence of a 'X-Amz-Date' header.")
    token = headers.get("x-amz-security-token")
    return Claim(_scope_of_header(repeating), amz_date, signature.strip(), token, None)


@lru_cache(maxsize=KEY_CACHE_SIZE)
def _scope_of_header(repeating: str) -> Scope:
    match = _AUTHORIZATION.fullmatch(repeating)
    if match is None:
        raise incomplete("Authorization header is not of the algorithm AWS4-HMAC-SHA256.")
    fields = {}
    for each in match[1].split(","):
        name, separator, value = each.strip().partition("=")
        if separator:
            fields[name] = value
    if "Credential" not in fields or "SignedHeaders" not in fields:
        raise incomplete("Authorization header requires 'Credential' and 'SignedHeaders'.")
    return _scope(fields["Credential"], fields["SignedHeaders"])


def _scope(credential: str, signed_headers: str) -> Scope:
    # Access key ids may hold slashes: take the scope from the right.
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or not all(parts):
        raise incomplete("Credential must have exactly 5 slash-delimited elements.")
    access_key_id, date, region, service, terminator = parts
    if terminator != "aws4_request":
        raise invalid("Credential should be scoped with a valid terminator: 'aws4_request'.")
    if _REGION.fullmatch(region) is None:
        raise invalid("Credential should be scoped to a valid region.")
    names = tuple(signed_headers.lower().split(";"))
    if "host" not in names:
        raise invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    return Scope(access_key_id, date, region, service, names)


def _query_parameters(raw_query: str) -> dict[str, str]:
    """The parameters of the query form, decoded. Raise if one is there twice."""
    parameters: dict[str, str] = {}
    for each in raw_query.split("&"):
        name, _, value = each.partition("=")
        if name in _QUERY_PARAMETERS:
            if name in parameters:
                raise incomplete(f"The parameter {name} is there more than once.")
            parameters[name] = unquote_to_bytes(value).decode("latin-1")
    return parameters


def _claim_of_query(parameters: Mapping[str, str]) -> Claim:
    required = _QUERY_PARAMETERS - {"X-Amz-Security-Token"}
    absent = sorted(required - {name for name, value in parameters.items() if value})
    if absent:
        raise incomplete(f"AWS query-string parameters must include {', '.join(absent)}.")
    if parameters["X-Amz-Algorithm"] != ALGORITHM:
        raise incomplete(f"X-Amz-Algorithm must be {ALGORITHM}.")
    expires = parameters["X-Amz-Expires"]
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 6):
        raise incomplete("X-Amz-Expires must be a number of seconds.")
    if not 1 <= int(expires) <= LONGEST_EXPIRY_SECONDS:
        raise invalid("X-Amz-Expires must be between 1 and 604800 seconds.")
    return Claim(
        _scope(parameters["X-Amz-Credential"], parameters["X-Amz-SignedHeaders"]),
        parameters["X-Amz-Date"],
        parameters["X-Amz-Signature"],
        parameters.get("X-Amz-Security-Token"),
        int(expires),
    )


def without_signature(raw_query: str) -> str:
    """The query without the parameters of the query form: what the operation is meant to see."""
    if "X-Amz-" not in raw_query:
        return raw_query
    return "&".join(
        each for each in raw_query.split("&") if each.partition("=")[0] not in _QUERY_PARAMETERS
    )


class Verifier:
    """Verifies claims. `normalize_path` False leaves dots and empty segments, as S3 does."""

    def __init__(self, *, normalize_path: bool = True) -> None:
        self._normalize_path = normalize_path
        self._signing_keys: dict[tuple[str, Scope], tuple[bytes, str]] = {}

    @property
    def cached_keys(self) -> int:
        return len(self._signing_keys)

    def verify(
        self, request: SignedRequest, claim: Claim, credentials: Credentials | None, now: float
    ) -> None:
        """Return if the claim holds at `now` (epoch seconds); raise SignatureRefused if not.

        Credentials of None are those of an unknown key.
        """
        if credentials is None:
            raise unrecognized()
        if not _same(claim.session_token, credentials.session_token):
            raise unrecognized()
        check_time(claim, now)
        self._check_signature(request, claim, credentials.secret_access_key)
        if credentials.expires_at is not None and now >= credentials.expires_at:
            raise SignatureRefused(
                "ExpiredTokenException", "The security token included in the request is expired"
            )

    def _check_signature(self, request: SignedRequest, claim: Claim, secret: str) -> None:
        payload_hash = hashlib.sha256(request.body).hexdigest()
        stated = request.headers.get("x-amz-content-sha256")
        if stated is not None and not hmac.compare_digest(
            _bytes(stated.strip()), payload_hash.encode()
        ):
            raise invalid("The provided 'x-amz-content-sha256' header does not match the body.")
        key, scope_text = self._signing_key(secret, claim.scope)
        given = _bytes(claim.signature)
        for query in _canonical_queries(request.query, claim):
            canonical = canonical_request(
                request, claim.scope.signed_headers, payload_hash, query, self._normalize_path
            )
            digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
            to_sign = f"{ALGORITHM}\n{claim.amz_date}\n{scope_text}\n{digest}"
            expected = hmac.digest(key, to_sign.encode("latin-1"), "sha256").hex()
            if hmac.compare_digest(expected.encode(), given):
                return
        raise invalid()

    def _signing_key(self, secret: str, scope: Scope) -> tuple[bytes, str]:
        """The key and the scope's text. The secret is part of the look-up: it may change."""
        found = self._signing_keys.get((secret, scope))
        if found is None:
            key = ("AWS4" + secret).encode()
            for part in (scope.date, scope.region, scope.service, "aws4_request"):
                key = hmac.digest(key, _bytes(part), "sha256")
            if len(self._signing_keys) >= KEY_CACHE_SIZE:
                self._signing_keys.pop(next(iter(self._signing_keys)))
            text = f"{scope.date}/{scope.region}/{scope.service}/aws4_request"
            found = self._signing_keys[secret, scope] = (key, text)
        return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _same(given: str | None, known: str | None) -> bool:
    """A session token has to be the right one, and absent where none belongs."""
    if given is None or known is None:
        return given is None and known is None
    return hmac.compare_digest(_bytes(given.strip()), _bytes(known))


@lru_cache(maxsize=1024)
def epoch_seconds(amz_date: str) -> int:
    """``20260504T101112Z`` as epoch seconds. Raise ValueError."""
    if _AMZ_DATE.fullmatch(amz_date) is None:
        raise ValueError("not a date of the form YYYYMMDDTHHMMSSZ")
    year, month, day = int(amz_date[:4]), int(amz_date[4:6]), int(amz_date[6:8])
    hour, minute, second = int(amz_date[9:11]), int(amz_date[11:13]), int(amz_date[13:15])
    if not (year and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60):
        raise ValueError("no such date")
    return timegm((year, month, day, hour, minute, second))


def check_time(claim: Claim, now: float) -> None:
    """Raise SignatureRefused unless the claim's dates agree and `now` is within its time."""
    try:
        signed_at = epoch_seconds(claim.amz_date)
    except ValueError:
        raise incomplete("Date must be in ISO-8601 'basic format'.") from None
    if claim.amz_date[:8] != claim.scope.date:
        raise invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version.")
    if signed_at > now + SKEW_SECONDS:
        raise invalid("Signature not yet current.")
    if now > signed_at + (SKEW_SECONDS if claim.expires_seconds is None else claim.expires_seconds):
        raise invalid("Signature expired.")


def canonical_request(
    request: SignedRequest,
    signed_headers: tuple[str, ...],
    payload_hash: str,
    query: str,
    normalize_path: bool = True,
) -> str:
    """The text whose hash is signed; `query` is canonical already.

    Raise SignatureRefused when a signed header is not there.
    """
    headers = request.headers
    lines = []
    for name in signed_headers:
        value = headers.get(name)
        if value is None:
            raise invalid(f"The signed header {name!r} is not in the request.")
        lines.append(f"{name}:{_trimmed(value)}")
    return "\n".join(
        (
            request.method,
            canonical_path(request.path, normalize=normalize_path),
            query,
            *lines,
            "",
            ";".join(signed_headers),
            payload_hash,
        )
    )


def _trimmed(value: str) -> str:
    value = value.strip(" \t\r\n")
    return value if "  " not in value and value.isprintable() else _BLANKS.sub(" ", value)


def canonical_path(path: str, *, normalize: bool = True) -> str:
    """The path as it came, dots and empty segments removed, encoded once more."""
    if _PLAIN_PATH.fullmatch(path):
        return path
    if normalize:
        kept: list[str] = []
        segments = path.split("/")
        for each in segments:
            if each == "..":
                if kept:
                    kept.pop()
            elif each not in ("", "."):
                kept.append(each)
        trailing = "/" if kept and segments[-1] in ("", ".", "..") else ""
        path = "/" + "/".join(kept) + trailing
    if _ENCODED_PATH.fullmatch(path):
        return path.replace("%", "%25")
    return quote(path.encode("latin-1"), safe="/-_.~")


def _canonical_queries(raw_query: str, claim: Claim) -> Iterator[str]:
    """The canonical query, then the other readings that signers in use have of it.

    Each of them covers everything that the operation sees, so accepting several gives nothing away.
    """
    if not raw_query:
        yield ""
        return
    left_out = frozenset(("X-Amz-Signature",)) if claim.in_query else frozenset[str]()
    yield canonical_query(raw_query, left_out)
    if claim.in_query and claim.session_token is not None:
        # Added only after signing; the token is compared by itself.
        yield canonical_query(raw_query, left_out | {"X-Amz-Security-Token"})
    if _UNUSUAL_IN_QUERY.search(raw_query):
        # botocore's signer takes a query as it stands: "a:b" remains "a:b", not "a%3Ab".
        pairs = [each.partition("=") for each in raw_query.split("&") if each]
        kept = sorted((name, value) for name, _, value in pairs if name not in left_out)
        yield "&".join(f"{name}={value}" for name, value in kept)


def canonical_query(raw_query: str, left_out: frozenset[str] = frozenset()) -> str:
    """Names and values decoded and encoded again, sorted by name, then by value."""
    pairs = []
    for each in raw_query.split("&"):
        name, _, value = each.partition("=")
        if each and name not in left_out:
            pairs.append((_canonical(name), _canonical(value)))
    pairs.sort()
    return "&".join(f"{name}={value}" for name, value in pairs)


def _canonical(text: str) -> str:
    return quote(unquote_to_bytes(text.encode("latin-1")), safe="-_.~")
