"""Errors that a caller gets to see.

``ServiceError`` is their fault or a documented condition, and becomes an answer; any other
exception is our fault and becomes an InternalFailure with nothing of its text in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ServiceError(Exception):
    """An error with a name on the wire.

    ``code`` goes into ``x-amzn-ErrorType``. ``status`` None: as the service's model declares it for
    the shape of that name. ``members`` are the further members of the body beside the message.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members: Mapping[str, Any] = members or {}


@dataclass(frozen=True, slots=True)
class Failure:
    """One broken constraint of the input: the member's path and what it must be."""

    member: str  # "tags.key", "loggingConfigurationIdentifiers.2"
    constraint: str  # "must be between 1 and 500"


class SerializationFailure(Exception):
    """The request cannot be read at all: not JSON, or a member of the wrong JSON type."""


class ValidationFailure(Exception):
    """The input was read but breaks constraints of the model: all of them, not only the first."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__(", ".join(f"{f.member} {f.constraint}" for f in failures))
        self.failures = tuple(failures)


class NotAuthorized(Exception):
    """The caller's policies do not allow the call; `ErrorStyle.denied` words it."""

    def __init__(self, principal: str, action: str, resource: str) -> None:
        super().__init__(
            f"User: {principal} is not authorized to perform: {action} on resource: {resource}"
        )
