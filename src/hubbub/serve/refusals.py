"""Answers to what is no usable HTTP request, in the form of the front door's errors."""

from __future__ import annotations

from http import HTTPStatus

import orjson

from hubbub.wire import cors
from hubbub.wire.door import request_id

# Status -> name of the error and its message.
ERRORS = {
    HTTPStatus.BAD_REQUEST: ("BadRequestException", "The request is not valid HTTP."),
    HTTPStatus.REQUEST_TIMEOUT: (
        "RequestTimeoutException",
        "The request did not arrive in time.",
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        "RequestHeaderFieldsTooLargeException",
        "The request's head is too large.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "ServiceUnavailableException",
        "The server has as many connections as it may have.",
    ),
}


def refusal(status: HTTPStatus, more_headers: list[tuple[bytes, bytes]]) -> bytes:
    """The whole answer, after which the connection ends; `status` is one of ERRORS."""
    code, message = ERRORS[status]
    body = orjson.dumps({"message": message})
    headers = [
        *more_headers,
        (b"content-type", b"application/json"),
        (b"x-amzn-ErrorType", code.encode("ascii")),
        (b"x-amzn-RequestId", request_id().encode("ascii")),
        *cors.HEADERS,
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    lines = [b"HTTP/1.1 %d %s" % (status.value, status.phrase.encode("ascii"))]
    lines += [b"%s: %s" % header for header in headers]
    return b"\r\n".join([*lines, b"", body])
