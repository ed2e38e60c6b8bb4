"""Desks on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hubbub.settings import Limits
from tests.unit.desk import Desks
from tests.unit.meetings.desk import Desk

MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(desks: Desks) -> MakeDesk:
    """Makes a node of the test's database."""

    def make(limits: Limits | None = None, bus_url: str = "") -> Desk:
        return desks.add(Desk(desks.url, desks.directory, limits or Limits(), desks.clock, bus_url))

    return make


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()
