"""The errors of STS, by their names on the wire."""

from __future__ import annotations

from hubbub.wire.errors import NotAuthorized, ServiceError
from hubbub.wire.service import Call


def not_trusted(call: Call, role_arn: str) -> NotAuthorized:
    """The same for a role that is not there and for one that does not trust the caller."""
    return NotAuthorized(call.credentials.arn, "sts:AssumeRole", role_arn)


def access_denied(message: str) -> ServiceError:
    return ServiceError("AccessDenied", message, status=403)


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message, status=400)


def malformed_policy(message: str) -> ServiceError:
    return ServiceError("MalformedPolicyDocument", message, status=400)


def packed_too_large() -> ServiceError:
    return ServiceError(
        "PackedPolicyTooLarge",
        "Packed policy and tags consume more than 100% of the allotted space",
        status=400,
    )
