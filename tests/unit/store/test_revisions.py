"""Databases of this, an earlier and a later revision."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import asyncpg
import pytest

from hubbub.store import revisions
from hubbub.store.contract import StoreUnavailable
from hubbub.store.opening import is_postgresql, open_store
from hubbub.store.revisions import HEAD, StoreTooNew
from hubbub.store.sqlite_schema import StoreInUse
from tests.unit.store import statements as s

LATER = """
from alembic import op
import sqlalchemy as sa

revision = "later"
down_revision = "{head}"

def upgrade():
    op.add_column(
        "access_keys", sa.Column("note", sa.Text, nullable=False, server_default="none")
    )
    op.execute("UPDATE access_keys SET note = 'old; key' WHERE create_time = 1")
    {more}
"""

POSTGRESQL_SCHEMA = """
SELECT table_name, column_name, data_type, is_nullable, collation_name
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
SQLITE_SCHEMA = """
SELECT m.name, c.name, c.type, c."notnull", c.pk
FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
UNION ALL
SELECT i.name, c.name, c.seqno, c."desc", c.coll
FROM sqlite_master i, pragma_index_xinfo(i.name) c WHERE i.type = 'index' AND c.key
UNION ALL
SELECT m.name, f."table", f."from", f."to", f.on_delete
FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
"""


async def run(database_url: str, *statements: str) -> list[Sequence[object]]:
    """The rows of the last statement, on the bare driver."""
    if is_postgresql(database_url):
        connection = await asyncpg.connect(database_url)
        try:
            async with connection.transaction():
                for statement in statements:
                    rows = await connection.fetch(statement)
        finally:
            await connection.close()
        return [tuple(row) for row in rows]
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as file:
        for statement in statements:
            result = file.execute(statement).fetchall()
    file.close()
    return result


async def schema(database_url: str) -> set[tuple[object, ...]]:
    text = POSTGRESQL_SCHEMA if is_postgresql(database_url) else SQLITE_SCHEMA
    return {tuple(row) for row in await run(database_url, text)}


async def open_and_close(database_url: str) -> None:
    store = await open_store(database_url, Path("unused"))
    await store.close()


@pytest.fixture
def later_hubbub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    """Make this Hubbub one that knows a further revision; adds a line to that."""
    migrations = tmp_path / "migrations"
    shutil.copytree(revisions._MIGRATIONS, migrations)
    file = migrations / "versions" / "later.py"

    def write(more: str) -> None:
        file.write_text(LATER.format(head=HEAD, more=more))

    write("")
    monkeypatch.setattr(revisions, "_MIGRATIONS", migrations)
    monkeypatch.setattr(revisions, "HEAD", "later")
    return write


async def test_migrations_lead_to_the_schema_of_a_new_database(
    database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    kind = "postgresql" if is_postgresql(database_url) else "sqlite"
    await run(database_url, *revisions.migration(None, kind))
    migrated = await schema(database_url)
    if kind == "sqlite":
        new = f"sqlite:///{tmp_path}/new.db"
        await open_and_close(new)
        assert await schema(new) == migrated
    else:
        await run(database_url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        await open_and_close(database_url)
        assert await schema(database_url) == migrated
    assert len(migrated) > 50


def test_head_is_the_newest_revision() -> None:
    assert revisions.migration(revisions.HEAD, "sqlite") == []
    last = revisions.migration(None, "sqlite")[-1]
    assert f"'{revisions.HEAD}'" in last


async def test_an_older_database_is_migrated(
    database_url: str, later_hubbub: Callable[[str], object]
) -> None:
    head = "0001"
    kind = "postgresql" if is_postgresql(database_url) else "sqlite"
    await run(database_url, *revisions.migration(None, kind, head))
    await run(
        database_url,
        "INSERT INTO access_keys (access_key_id, account_id, sealed_secret, create_time)"
        " VALUES ('a', '1', '', 1), ('b', '1', '', 2)",
    )
    await open_and_close(database_url)
    rows = await run(database_url, "SELECT access_key_id, note FROM access_keys ORDER BY 1")
    assert rows == [("a", "old; key"), ("b", "none")]
    assert await run(database_url, "SELECT version_num FROM alembic_version") == [("later",)]


async def test_a_failed_migration_leaves_the_database_as_it_was(
    database_url: str, later_hubbub: Callable[[str], object]
) -> None:
    kind = "postgresql" if is_postgresql(database_url) else "sqlite"
    await run(database_url, *revisions.migration(None, kind, "0001"))
    before = await schema(database_url)
    later_hubbub("op.execute('SELECT nonsense')")
    with pytest.raises(StoreUnavailable, match="nonsense"):
        await open_and_close(database_url)
    assert await schema(database_url) == before
    later_hubbub("")
    await open_and_close(database_url)


async def test_a_newer_database_is_refused_and_left_alone(database_url: str) -> None:
    await open_and_close(database_url)
    await run(database_url, "UPDATE alembic_version SET version_num = 'f00d' RETURNING 1")
    before = await schema(database_url)
    with pytest.raises(StoreTooNew, match=r"f00d of a later Hubbub.*start that version"):
        await open_and_close(database_url)
    assert await schema(database_url) == before
    assert await run(database_url, "SELECT version_num FROM alembic_version") == [("f00d",)]


async def test_nodes_that_start_together_make_one_schema(database_url: str) -> None:
    await asyncio.gather(*(open_and_close(database_url) for _ in range(5)))
    assert await run(database_url, "SELECT count(*) FROM alembic_version") == [(1,)]


async def test_nodes_that_start_together_migrate_once(
    database_url: str, later_hubbub: Callable[[str], object]
) -> None:
    kind = "postgresql" if is_postgresql(database_url) else "sqlite"
    await run(database_url, *revisions.migration(None, kind, "0001"))
    await asyncio.gather(*(open_and_close(database_url) for _ in range(5)))
    assert await run(database_url, "SELECT version_num FROM alembic_version") == [("later",)]


async def test_nobody_migrates_under_a_running_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later_hubbub: Callable[[str], object]
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(revisions, "HEAD", HEAD)
        server = await open_store("", tmp_path, exclusive=True)
    url = f"sqlite:///{tmp_path}/hubbub.db"
    await run(url, f"UPDATE alembic_version SET version_num = '{HEAD}'")
    with pytest.raises(StoreInUse):
        await open_and_close(url)
    await server.close()
    await open_and_close(url)
    assert await run(url, "SELECT version_num FROM alembic_version") == [("later",)]


async def test_data_is_there_after_a_new_start(database_url: str) -> None:
    store = await open_store(database_url, Path("unused"))

    async def work(tx: s.Transaction) -> None:
        await tx.execute(s.ADD_KEY, s.a_key("a"))

    await store.write(work)
    await store.close()
    store = await open_store(database_url, Path("unused"))
    assert len(await store.fetch(s.KEY, {"access_key_id": "a"})) == 1
    await store.close()


def test_a_database_at_head_is_opened_without_alembic(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from hubbub.store.opening import open_store\n"
        "async def main():\n"
        f"    for _ in range(2): await (await open_store('', Path({str(tmp_path)!r}))).close()\n"
        "asyncio.run(main())\n"
        "heavy = {'alembic', 'asyncpg', 'sqlalchemy.orm', 'sqlalchemy.dialects.postgresql'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 500])
async def test_a_file_that_is_no_database_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hubbub.db"
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"hubbub\.db cannot be opened"):
        await open_store("", tmp_path)
    assert path.read_bytes() == content


async def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/other.db"
    await run(url, "CREATE TABLE rooms (a text)")
    with pytest.raises(StoreUnavailable, match="another program"):
        await open_and_close(url)
