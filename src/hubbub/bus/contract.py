"""The seam between rooms and the other nodes.

One invariant: *a topic has one order, and every subscriber on every node sees it*. Checking the
limits, taking the place in that order and publishing is one atomic step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


class BusUnavailable(Exception):
    """The bus cannot be reached now."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``per_second`` submissions for ``key`` within any second (sliding window)."""

    key: str
    per_second: int


@dataclass(frozen=True, slots=True)
class Publication:
    """What subscribers of a topic get.

    The bus puts the time of admission between ``head`` and ``tail`` as RFC 3339 text
    (``2026-05-04T08:21:20.754555Z``; strictly increasing within a topic) unless ``timed`` is
    False; then head and tail are simply joined. ``label`` is opaque to the bus.
    """

    topic: str
    head: bytes
    tail: bytes = b""
    label: str = ""
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """A publication as it arrives at subscribers, the same text on every node."""

    topic: str
    payload: bytes
    label: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """The submission passed its limits and is in the topic's order.

    ``at`` is the admission time in epoch microseconds; ``payload`` what subscribers get (``b""``
    without a publication).
    """

    at: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A limit was reached; nothing was published and no allowance used."""

    limit: Limit


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The bus is out of reach; the submission had no effect that we know of."""


Outcome = Admitted | Refused | Unavailable


class Bus(Protocol):
    def submit(
        self,
        limits: Sequence[Limit],
        publication: Publication | None,
        done: Callable[[Outcome], None],
    ) -> None:
        """Check all limits, then use them all up by one, order and publish; one atomic step.

        ``done`` is called exactly once: at once by the in-process bus, later by a remote one.
        Submissions of one caller keep their order. Subscribers on this node are called before
        ``done`` (in-process) or when the publication comes back from the bus.
        """
        ...

    async def spend(self, token_id: str, seconds: float) -> bool:
        """Mark a single-use token as spent for `seconds`; False if it was spent before.

        Atomic across processes, and survives a SIGKILL of this one. Raises BusUnavailable.
        """
        ...

    async def unspend(self, token_id: str) -> None:
        """Give a token back whose handshake was refused after all."""
        ...

    async def subscribe(self, topic: str, receive: Callable[[Delivery], None]) -> None:
        """Call `receive` for every publication of the topic from now on; in force on return.

        One receiver a topic and node. Raises BusUnavailable.
        """
        ...

    def unsubscribe(self, topic: str) -> None: ...

    def on_restored(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever the bus is back after having been lost."""
        ...

    def on_gap(self, callback: Callable[[str], None]) -> None:
        """Call `callback` with a topic of which publications were missed for good."""
        ...

    def report_connections(self, scope: str, count: int) -> None:
        """Tell the other nodes how many connections this one holds in `scope`."""
        ...

    def connections(self, scope: str) -> int:
        """Connections of all nodes in `scope`, as last reported."""
        ...

    async def close(self) -> None: ...
