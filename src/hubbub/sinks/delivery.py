"""What all destinations have in common. Everything here is called in threads and may block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from hubbub.sinks.batch import Progress
from hubbub.sinks.contract import Destination, Layout
from hubbub.sinks.spool import Segment

Layouts = Mapping[str, Layout]


class DeliveryFailed(Exception):
    """The destination did not take everything."""


class Delivery(Protocol):
    def deliver(
        self, destination: Destination, segments: Sequence[Segment], progress: Progress
    ) -> None:
        """Hand over what is left of the segments after `progress`, and keep `progress` current.

        Raises whatever went wrong; `hubbub.sinks.failures` knows what it means.
        """
        ...

    def close(self) -> None: ...


def layout_of(layouts: Layouts, name: str) -> Layout:
    """Raises DeliveryFailed, so that records of an unknown service wait for one who knows it."""
    try:
        return layouts[name]
    except KeyError:
        raise DeliveryFailed(f"no layout is named {name!r}") from None
