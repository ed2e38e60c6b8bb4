"""The errors of meetings' operations, each made in one place (chime-meetings A.3)."""

from __future__ import annotations

from hubbub.wire.errors import Failure, ServiceError, ValidationFailure

UNAVAILABLE_SECONDS = 5
"""``Retry-After`` of ServiceUnavailableException."""


def meeting_not_found(meeting_id: str) -> ServiceError:
    return ServiceError("NotFoundException", f"Meeting {meeting_id} not found")


def meeting_ended() -> ServiceError:
    return ServiceError("NotFoundException", "The meeting has ended")


def attendee_not_found(attendee_id: str) -> ServiceError:
    return ServiceError("NotFoundException", f"Attendee {attendee_id} not found")


def resource_not_found(arn: str) -> ServiceError:
    """Of the tag operations."""
    return ServiceError(
        "ResourceNotFoundException", "There is no such meeting", members={"ResourceName": arn}
    )


def too_many_tags(arn: str, limit: int) -> ServiceError:
    return ServiceError(
        "TooManyTagsException",
        f"A meeting has at most {limit} tags",
        members={"ResourceName": arn},
    )


def limit_exceeded(what: str, limit: int) -> ServiceError:
    return ServiceError("LimitExceededException", f"The limit of {limit} {what} is reached")


def conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message)


def unprocessable(message: str) -> ServiceError:
    return ServiceError("UnprocessableEntityException", message)


def throttled() -> ServiceError:
    return ServiceError("ThrottlingException", "Rate exceeded")


def unavailable(message: str) -> ServiceError:
    """SDKs try again."""
    return ServiceError("ServiceUnavailableException", message)


def held_elsewhere() -> ServiceError:
    """SDKs try again, and may then get to the right node."""
    return unavailable(
        "The meeting is held by another node: all of its requests have to be sent there"
    )


def invalid(member: str, constraint: str) -> ValidationFailure:
    return ValidationFailure([Failure(member, constraint)])
