"""Which operations are implemented: what the coverage table in the docs is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hubbub.wire.service import Service


class Row(NamedTuple):
    """One operation of a service."""

    service: str
    operation: str
    implemented: bool


def rows(services: Iterable[Service]) -> Iterator[Row]:
    """All operations of the services' models, in the order of services and of names."""
    for service in services:
        for operation in sorted(service.model.operations):
            yield Row(service.name, operation, operation in service.handlers)
