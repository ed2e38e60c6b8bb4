"""Desks on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from hubbub.settings import Limits
from hubbub.store.contract import Transaction
from hubbub.store.tables import metadata
from tests.services.postgresql import PostgresqlServer
from tests.unit.meetings.desk import Desk, VirtualClock

MakeDesk = Callable[..., Desk]


@pytest.fixture(scope="package")
def shared_database(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """One database for all of these tests, emptied for each: making one takes far longer."""
    url = postgresql_server.create_database()
    yield url
    postgresql_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hubbub.db"
    url: str = request.getfixturevalue("shared_database")
    return url


async def _empty(transaction: Transaction) -> None:
    for table in reversed(metadata.sorted_tables):
        await transaction.execute(delete(table))


@pytest.fixture
def make_desk(database_url: str, tmp_path: Path) -> Iterator[MakeDesk]:
    """Makes a node of that database; all have the same clock."""
    made: list[Desk] = []
    clock = VirtualClock()

    def make(limits: Limits | None = None, bus_url: str = "") -> Desk:
        desk = Desk(database_url, tmp_path, limits or Limits(), clock, bus_url)
        if not made:
            desk.run(desk.store.write(_empty))
        made.append(desk)
        return desk

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()
