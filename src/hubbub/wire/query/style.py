"""How services of the query protocol name their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hubbub.wire.errors import (
    NotAuthorized,
    SerializationFailure,
    ServiceError,
    ValidationFailure,
)

_CODES = {
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "UnknownOperationException": "InvalidAction",
    "UnrecognizedClientException": "InvalidClientTokenId",
}
"""The front door's names -> the protocol's, where "Exception" is not all that differs."""


@dataclass(frozen=True, slots=True)
class QueryStyle:
    """Errors with ``Code`` and ``Message``, names without "Exception"."""

    wrong_method_status: int = 400

    def body(self, error: ServiceError, request_id: str) -> dict[str, Any]:
        code = _CODES.get(error.code) or error.code.removesuffix("Exception")
        return {"Code": code, "Message": error.message, **error.members}

    def unreadable(self, failure: SerializationFailure) -> ServiceError:
        return ServiceError("ValidationError", str(failure), status=400)

    def invalid(self, failure: ValidationFailure) -> ServiceError:
        count = len(failure.failures)
        listed = "; ".join(
            f"Value at '{each.member[:1].lower()}{each.member[1:]}' failed to satisfy constraint:"
            f" Member {each.constraint}"
            for each in failure.failures
        )
        errors = "error" if count == 1 else "errors"
        return ServiceError(
            "ValidationError", f"{count} validation {errors} detected: {listed}", status=400
        )

    def denied(self, denial: NotAuthorized) -> ServiceError:
        return ServiceError("AccessDenied", str(denial), status=403)

    def internal(self, declared: frozenset[str]) -> ServiceError:
        return ServiceError(
            "InternalFailure",
            "The request processing has failed because of an internal error.",
            status=500,
        )
