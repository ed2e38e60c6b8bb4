"""Desks on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio

from hubbub.settings import Limits
from hubbub.store.contract import Store
from hubbub.store.opening import open_store
from tests.unit.desk import empty
from tests.unit.ivschat.operations.desk import Desk

MakeDesk = Callable[[Limits], Awaitable[Desk]]


@pytest_asyncio.fixture
async def store(database_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(database_url, tmp_path)
    await opened.write(empty)
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
