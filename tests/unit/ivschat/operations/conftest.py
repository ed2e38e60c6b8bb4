"""Desks on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from hubbub.settings import Limits
from hubbub.store.contract import Store
from hubbub.store.opening import open_store
from tests.unit.ivschat.operations.desk import Desk

MakeDesk = Callable[[Limits], Awaitable[Desk]]


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    opened = await open_store(url, tmp_path)
    yield opened
    await opened.close()


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
