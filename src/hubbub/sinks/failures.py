"""What a failure means, how it is counted, and what is said about it."""

from __future__ import annotations

import logging
from typing import Any

from hubbub.metrics import (
    LOG_DESTINATION_ACCESS_DENIED,
    LOG_DESTINATION_ERRORS,
    LOG_DESTINATION_NOT_FOUND,
    LOG_RECORDS_DROPPED,
)
from hubbub.sinks.contract import Destination

_DENIED = {
    "403", "AccessDenied", "AccessDeniedException", "AuthFailure", "ExpiredToken",
    "ExpiredTokenException", "Forbidden", "IncompleteSignature", "InvalidAccessKeyId",
    "InvalidClientTokenId", "InvalidToken", "MissingAuthenticationToken",
    "SignatureDoesNotMatch", "UnauthorizedOperation", "UnrecognizedClientException",
}  # fmt: skip
_MISSING = {"404", "NoSuchBucket", "NotFound", "ResourceNotFoundException"}
_logger = logging.getLogger("hubbub.sinks")


def error_code(error: BaseException) -> str:
    """The code of an error that AWS answered with, else ``""``."""
    response: Any = getattr(error, "response", None)
    if not isinstance(response, dict):
        return ""
    return str(response.get("Error", {}).get("Code", ""))


def count_failure(destination: Destination, error: BaseException) -> None:
    code = error_code(error)
    if code in _DENIED or isinstance(error, PermissionError):
        LOG_DESTINATION_ACCESS_DENIED.labels(destination.source).inc()
    elif code in _MISSING:
        LOG_DESTINATION_NOT_FOUND.labels(destination.source).inc()
    LOG_DESTINATION_ERRORS.labels(destination.source).inc()


def count_dropped(destination: Destination, records: int) -> None:
    LOG_RECORDS_DROPPED.labels(destination.source).inc(records)
    LOG_DESTINATION_ERRORS.labels(destination.source).inc(records)


def describe(error: BaseException) -> str:
    """For the log: no bodies, no credentials."""
    code = error_code(error)
    operation = getattr(error, "operation_name", "")
    if code:
        return f"{operation}: {code}"
    return f"{type(error).__name__}: {str(error)[:200]}"


def report(destination: Destination, times: int, what: str) -> None:
    """Log the 1st, 2nd, 4th, 8th… time of the same trouble."""
    if times & (times - 1) == 0:
        _logger.warning(
            "%s %s in %s (%s): %s (%d so far)",
            destination.kind, destination.name, destination.region, destination.source, what, times,
        )  # fmt: skip
