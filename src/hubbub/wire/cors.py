"""Cross-origin rules: browsers of any origin may call, since every call is signed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hubbub.wire.responses import Answer

HEADERS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-amzn-RequestId, x-amzn-ErrorType"),
)
_ALLOWED_HEADERS = (
    "authorization, content-type, x-amz-date, x-amz-content-sha256, x-amz-security-token,"
    " x-amz-user-agent, x-amz-chime-bearer, amz-sdk-request, amz-sdk-invocation-id"
)
_HEADER_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, \t-]{1,4096}")


def preflight(headers: Mapping[str, str]) -> Answer:
    """The answer to OPTIONS: whatever headers the browser asks for are welcome."""
    asked = headers.get("access-control-request-headers", "")
    allowed = asked if _HEADER_NAMES.fullmatch(asked) else _ALLOWED_HEADERS
    return Answer(
        200,
        [
            (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
            (b"access-control-allow-headers", allowed.encode("latin-1")),
            (b"access-control-max-age", b"7200"),
            (b"vary", b"access-control-request-headers"),
        ],
    )
