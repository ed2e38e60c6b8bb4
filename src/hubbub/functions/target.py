"""What all kinds of targets have in common: JSON text in, JSON text out."""

from __future__ import annotations

from typing import Protocol


class Target(Protocol):
    """Where a function really is.

    One invariant: *cancelling `call` ends it at once*. What goes on elsewhere (a thread, a server)
    is cut off, and its answer dropped.
    """

    async def call(self, event: bytes) -> bytes:
        """The function's answer, not yet parsed. Raises FunctionError."""
        ...

    async def close(self) -> None:
        """Let go of idle connections and threads. No call is under way then."""
        ...
