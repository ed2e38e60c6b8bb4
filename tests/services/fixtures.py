"""Fixtures for tests that need a real database or bus. A missing program fails them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.postgresql import PostgresqlServer
from tests.services.redis import RedisServer


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def shared_database(postgresql_server: PostgresqlServer) -> str:
    return postgresql_server.create_database()


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer, shared_database: str) -> str:
    """A database for this test, empty. For a second one: `PostgresqlServer.create_database`."""
    postgresql_server.clear_database(shared_database)
    return shared_database


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The shared server, emptied for this test."""
    redis_server.flush()
    return redis_server.url
