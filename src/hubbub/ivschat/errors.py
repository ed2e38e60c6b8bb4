"""The errors of IVS Chat's operations, each made in one place (spec 2)."""

from __future__ import annotations

from hubbub.wire.errors import Failure, ServiceError, ValidationFailure
from hubbub.wire.service import Call

RESOURCE_TYPE = "ROOM"  # the only value that the model's enum has
UNAVAILABLE = "The service is temporarily unavailable."


def resource_id(arn: str) -> str:
    """The last part of an ARN."""
    return arn.rpartition("/")[2]


def not_found(arn: str) -> ServiceError:
    return ServiceError(
        "ResourceNotFoundException",
        f"Resource: {arn} not found",
        members={"resourceId": resource_id(arn), "resourceType": RESOURCE_TYPE},
    )


def conflict(arn: str, message: str) -> ServiceError:
    return ServiceError(
        "ConflictException",
        message,
        members={"resourceId": resource_id(arn), "resourceType": RESOURCE_TYPE},
    )


def quota_exceeded(call: Call, what: str, limit: int) -> ServiceError:
    """``resourceId`` is the account, which is what has the quota."""
    return ServiceError(
        "ServiceQuotaExceededException",
        f"The quota of {limit} {what} of the account is used up.",
        members={"resourceId": call.account_id, "resourceType": RESOURCE_TYPE, "limit": limit},
    )


def throttled(resource: str, limit: int) -> ServiceError:
    return ServiceError(
        "ThrottlingException",
        "Rate exceeded",
        status=429,
        members={"resourceId": resource, "resourceType": RESOURCE_TYPE, "limit": limit},
    )


def access_denied(call: Call, arn: str) -> ServiceError:
    return ServiceError(
        "AccessDeniedException",
        f"User: {call.credentials.arn} is not authorized to perform: "
        f"{call.service}:{call.operation} on resource: {arn}",
        status=403,
    )


def unavailable() -> ServiceError:
    """SDKs try again."""
    return ServiceError("ServiceUnavailableException", UNAVAILABLE, status=503)


def invalid(member: str, constraint: str) -> ValidationFailure:
    return ValidationFailure([Failure(member, constraint)])
