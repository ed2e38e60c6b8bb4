"""Desks on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import delete

from hubbub.settings import Limits
from hubbub.store.contract import Store, Transaction
from hubbub.store.opening import open_store
from hubbub.store.tables import logging_configurations, quota_counts, room_logging, rooms
from tests.services.postgresql import PostgresqlServer
from tests.unit.ivschat.operations.desk import Desk

MakeDesk = Callable[[Limits], Awaitable[Desk]]


@pytest.fixture(scope="package")
def shared_database(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """One database for all of these tests, emptied for each: making one takes far longer."""
    url = postgresql_server.create_database()
    yield url
    postgresql_server.drop_database(url)


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("shared_database")
    opened = await open_store(url, tmp_path)
    if url:
        await opened.write(_empty)
    yield opened
    await opened.close()


async def _empty(transaction: Transaction) -> None:
    for table in (room_logging, rooms, logging_configurations, quota_counts):
        await transaction.execute(delete(table))


@pytest_asyncio.fixture
async def make_desk(store: Store, tmp_path: Path) -> AsyncIterator[MakeDesk]:
    made: list[Desk] = []
    numbers = itertools.count()

    async def make(limits: Limits) -> Desk:
        made.append(Desk(store, tmp_path / f"desk-{next(numbers)}", limits))
        return made[-1]

    yield make
    for desk in made:
        await desk.close()


@pytest_asyncio.fixture
async def desk(make_desk: MakeDesk) -> Desk:
    return await make_desk(Limits())
