"""How a service words its errors: one object per dialect, given when a service is registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from hubbub.wire.errors import (
    NotAuthorized,
    SerializationFailure,
    ServiceError,
    ValidationFailure,
)


class ErrorStyle(Protocol):
    """One dialect of error names and bodies."""

    @property
    def wrong_method_status(self) -> int:
        """Status for a known path with a method it does not have."""
        ...

    def body(self, error: ServiceError, request_id: str) -> dict[str, Any]:
        """The members of the error's JSON body."""
        ...

    def unreadable(self, failure: SerializationFailure) -> ServiceError:
        """The error for a request that cannot be read."""
        ...

    def invalid(self, failure: ValidationFailure) -> ServiceError:
        """The error for input that breaks constraints; names all of them."""
        ...

    def denied(self, denial: NotAuthorized) -> ServiceError:
        """The error for a call that the caller's policies do not allow."""
        ...

    def internal(self, declared: frozenset[str]) -> ServiceError:
        """The error for a fault of ours; `declared` are the error names of the operation."""
        ...


@dataclass(frozen=True, slots=True)
class FieldListStyle:
    """ValidationException with a ``fieldList``, bodies with ``message`` (spec ivs-chat 1 and 2)."""

    wrong_method_status: int = 404

    def body(self, error: ServiceError, request_id: str) -> dict[str, Any]:
        return {"message": error.message, **error.members}

    def unreadable(self, failure: SerializationFailure) -> ServiceError:
        return ServiceError("SerializationException", str(failure), status=400)

    def invalid(self, failure: ValidationFailure) -> ServiceError:
        return ServiceError(
            "ValidationException",
            "; ".join(
                f"Request member: {each.member} failed to satisfy the constraints:"
                f" {each.constraint}"
                for each in failure.failures
            ),
            status=400,
            members={
                "reason": "FIELD_VALIDATION_FAILED",
                "fieldList": [
                    {"name": each.member, "message": each.constraint} for each in failure.failures
                ],
            },
        )

    def denied(self, denial: NotAuthorized) -> ServiceError:
        return ServiceError("AccessDeniedException", str(denial), status=403)

    def internal(self, declared: frozenset[str]) -> ServiceError:
        name = "InternalServerException"
        return ServiceError(
            name if name in declared else "InternalFailure",
            "The request processing has failed because of an internal error.",
            status=500,
        )


@dataclass(frozen=True, slots=True)
class CodeMessageStyle:
    """BadRequestException for all bad input, bodies with ``Code`` and ``Message``.

    `codes` (exception name -> ``Code``) holds the names whose code is not simply the name without
    its "Exception" (spec chime-identity 1.5). `tells_request_id`: the body also has ``RequestId``
    (spec chime-meetings A.3). `denied_code`: ``Code`` for callers whose policies do not allow the
    call. `retry_seconds`: when callers may come again who were told that the
    service is unavailable, for services whose error has the header ``Retry-After``.
    """

    codes: Mapping[str, str] = field(
        default_factory=lambda: {
            "UnauthorizedClientException": "Unauthorized",
            "ThrottledClientException": "Throttled",
        }
    )
    tells_request_id: bool = False
    denied_code: str = "AccessDenied"
    retry_seconds: int | None = None
    wrong_method_status: int = 405

    def body(self, error: ServiceError, request_id: str) -> dict[str, Any]:
        code = self.codes.get(error.code) or error.code.removesuffix("Exception")
        own = {"RequestId": request_id} if self.tells_request_id else {}
        if self.retry_seconds is not None and error.code == "ServiceUnavailableException":
            own["RetryAfterSeconds"] = str(self.retry_seconds)
        return {"Code": code, "Message": error.message, **own, **error.members}

    def unreadable(self, failure: SerializationFailure) -> ServiceError:
        return ServiceError("BadRequestException", str(failure), status=400)

    def invalid(self, failure: ValidationFailure) -> ServiceError:
        listed = "; ".join(f"{each.member} {each.constraint}" for each in failure.failures)
        return ServiceError("BadRequestException", listed, status=400)

    def denied(self, denial: NotAuthorized) -> ServiceError:
        return ServiceError(
            "ForbiddenException", str(denial), status=403, members={"Code": self.denied_code}
        )

    def internal(self, declared: frozenset[str]) -> ServiceError:
        return ServiceError(
            "ServiceFailureException", "The service encountered an unexpected error.", status=500
        )
