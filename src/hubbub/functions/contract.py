"""The seam between services and the functions of their users (review handlers, channel flows)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class FunctionError(Exception):
    """The function did not give an answer. No text of this reaches a client."""


class FunctionMissing(FunctionError):
    """No function is registered for the ARN."""


class FunctionTimeout(FunctionError):
    """No answer in time, or no place among the concurrent invocations in time."""


class FunctionFailed(FunctionError):
    """It could not be reached, raised, or answered with an error status."""


class FunctionAnswerInvalid(FunctionError):
    """The answer is no JSON, or longer than allowed."""


class Functions(Protocol):
    def knows(self, arn: str) -> bool:
        """Is a function registered for this ARN (also with a version or alias behind it)?"""
        ...

    async def invoke(self, arn: str, event: Mapping[str, Any], timeout: float) -> Any:
        """Call the function with the event; its decoded JSON answer. Raises FunctionError.

        `timeout` (seconds) holds for the whole call, waiting for a place included. A later
        answer is dropped.
        """
        ...

    async def close(self) -> None: ...
