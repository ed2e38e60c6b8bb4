"""What only the PostgreSQL store does: lose its server, and find it again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from hubbub.store.contract import Store, StoreUnavailable, Transaction
from hubbub.store.opening import open_store
from hubbub.store.postgresql import ATTEMPTS
from tests.services.postgresql import PostgresqlServer
from tests.unit.store import statements as s


@pytest.fixture
async def store(postgresql_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(postgresql_url, tmp_path)
    yield opened
    await opened.close()


def adding(name: str) -> Callable[[Transaction], Awaitable[int]]:
    async def work(tx: Transaction) -> int:
        return await tx.execute(s.ADD_KEY, s.a_key(name))

    return work


async def test_a_lost_server_is_reported_and_found_again(
    store: Store, postgresql_server: PostgresqlServer
) -> None:
    await store.write(adding("before"))
    postgresql_server.stop()
    try:
        with pytest.raises(StoreUnavailable):
            await store.fetch(s.COUNT_KEYS)
        with pytest.raises(StoreUnavailable):
            await store.write(adding("meanwhile"))
    finally:
        postgresql_server.start()
    assert await store.write(adding("after")) == 1
    assert [tuple(row) for row in await store.fetch(s.COUNT_KEYS)] == [(2,)]


async def test_a_restart_between_two_calls_is_not_noticed(
    store: Store, postgresql_server: PostgresqlServer
) -> None:
    """All connections of the pool are dead then, and none of them says so."""
    await asyncio.gather(*(store.write(adding(f"{i}")) for i in range(20)))
    for number in range(3):
        postgresql_server.stop()
        postgresql_server.start()
        assert len(await store.fetch(s.COUNT_KEYS)) == 1
        assert await store.write(adding(f"after-{number}")) == 1


async def test_connections_ended_by_an_administrator_are_replaced(
    store: Store, postgresql_server: PostgresqlServer
) -> None:
    await asyncio.gather(*(store.write(adding(f"{i}")) for i in range(20)))
    postgresql_server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hubbub'"
    )
    counts = await asyncio.gather(*(store.fetch(s.COUNT_KEYS) for _ in range(20)))
    assert [tuple(rows[0]) for rows in counts] == [(20,)] * 20


async def test_a_work_is_run_again_when_its_connection_goes(
    store: Store, postgresql_server: PostgresqlServer
) -> None:
    runs = 0

    async def work(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        await tx.execute(s.ADD_KEY, s.a_key("a"))
        if runs == 1:
            postgresql_server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'hubbub'"
            )
        await tx.execute(s.ADD_KEY, s.a_key("b"))

    await store.write(work)
    assert runs == 2
    assert [tuple(row) for row in await store.fetch(s.COUNT_KEYS)] == [(2,)]


DIE_IN_COMMIT = """
CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER die AFTER INSERT ON access_keys
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()
"""


async def test_a_work_is_not_run_again_when_its_commit_may_have_happened(
    store: Store, postgresql_url: str
) -> None:
    connection = await asyncpg.connect(postgresql_url)
    await connection.execute(DIE_IN_COMMIT)
    await connection.close()
    runs = 0

    async def work(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        await tx.execute(s.ADD_KEY, s.a_key("a"))

    with pytest.raises(StoreUnavailable, match="COMMIT"):
        await store.write(work)
    assert runs == 1
    assert len(await store.fetch(s.COUNT_KEYS)) == 1


async def test_a_work_that_others_always_get_in_the_way_of_gives_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = 0

    async def work(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        await tx.fetch(text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))

    monkeypatch.setattr("hubbub.store.postgresql.PAUSE_SECONDS", 0.0)
    with pytest.raises(StoreUnavailable):
        await store.write(work)
    assert runs == ATTEMPTS


async def test_commits_are_durable_even_if_the_server_is_lax(
    postgresql_url: str, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(postgresql_url)
    database = postgresql_url.rpartition("/")[2]
    await connection.execute(f"ALTER DATABASE {database} SET synchronous_commit = off")
    await connection.close()
    store = await open_store(postgresql_url, tmp_path)
    async with store._pool.acquire() as pooled:  # type: ignore[attr-defined]
        assert await pooled.fetchval("SHOW synchronous_commit") == "on"
    await store.close()


async def test_other_spellings_of_the_url(postgresql_url: str, tmp_path: Path) -> None:
    rest = postgresql_url.partition("://")[2]
    for scheme in ("postgres", "postgresql+asyncpg"):
        store = await open_store(f"{scheme}://{rest}", tmp_path)
        await store.close()
