"""Databases of either kind for the desks of services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.postgresql import PostgresqlServer
from tests.unit.desk import Desks


@pytest.fixture(scope="session")
def desk_database(postgresql_server: PostgresqlServer) -> str:
    """One database for all desks, emptied for each test: making one takes far longer."""
    return postgresql_server.create_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hubbub.db"
    url: str = request.getfixturevalue("desk_database")
    return url


@pytest.fixture
def desks(database_url: str, tmp_path: Path) -> Iterator[Desks]:
    made = Desks(database_url, tmp_path)
    yield made
    made.close()
