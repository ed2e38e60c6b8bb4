"""The errors of identity's operations, each made in one place (spec 1.5)."""

from __future__ import annotations

from hubbub.wire.errors import Failure, ServiceError, ValidationFailure

_NAMES = {"app-instance": "app instance", "user": "app instance user", "bot": "app instance bot"}


def forbidden(kind: str) -> ServiceError:
    """There is no such thing, or it is another account's, or on its way out."""
    name = _NAMES.get(kind, kind)
    return ServiceError(
        "ForbiddenException", f"An invalid {name} ARN was supplied for the input parameter"
    )


def not_admin() -> ServiceError:
    return ServiceError("ForbiddenException", "The ARN is of no admin of the app instance")


def no_endpoint() -> ServiceError:
    return ServiceError("ForbiddenException", "The app instance user has no such endpoint")


def not_found(kind: str) -> ServiceError:
    """DescribeAppInstanceBot's alone."""
    return ServiceError("NotFoundException", f"The {_NAMES[kind]} does not exist")


def conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message)


def limit_exceeded(what: str, limit: int) -> ServiceError:
    return ServiceError("ResourceLimitExceededException", f"The limit of {limit} {what} is reached")


def throttled() -> ServiceError:
    return ServiceError("ThrottledClientException", "Rate exceeded")


def unavailable() -> ServiceError:
    """SDKs try again."""
    return ServiceError(
        "ServiceUnavailableException", "The service is temporarily unavailable.", status=503
    )


def invalid(member: str, constraint: str) -> ValidationFailure:
    return ValidationFailure([Failure(member, constraint)])
