"""What only the SQLite store does: groups, other processes, full disks, the lock of the server."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from hubbub.store import sqlite_group
from hubbub.store.contract import DuplicateKey, StoreUnavailable, Transaction
from hubbub.store.opening import open_store
from hubbub.store.sqlite import SqliteStore
from hubbub.store.sqlite_schema import StoreInUse
from tests.unit.store import statements as s

HOLD = """
import sys; from pathlib import Path
from hubbub.store.sqlite_schema import server_lock
lock = server_lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
WRITE_FOR_EVER = """
import asyncio, sys; from pathlib import Path
from hubbub.store.opening import open_store
from tests.unit.store import statements as s

async def main():
    store = await open_store("", Path(sys.argv[1]))

    async def write(lane):
        for number in range(1_000_000):
            name = f"{lane}-{number}"
            async def work(tx):
                await tx.execute(s.ADD_KEY, s.a_key(name + "-first"))
                await tx.execute(s.ADD_KEY, s.a_key(name))
            await store.write(work)
            print(name, flush=True)

    await asyncio.gather(*(write(lane) for lane in range(20)))

asyncio.run(main())
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await open_store("", tmp_path)
    assert isinstance(opened, SqliteStore)
    yield opened
    await opened.close()


def adding(name: str) -> Callable[[Transaction], Awaitable[int]]:
    async def work(tx: Transaction) -> int:
        return await tx.execute(s.ADD_KEY, s.a_key(name))

    return work


async def names(store: SqliteStore) -> int:
    ((count,),) = await store.fetch(s.COUNT_KEYS)
    assert isinstance(count, int)
    return count


def traced(store: SqliteStore) -> list[str]:
    """The transaction statements that the writing connection runs from now on."""
    ran: list[str] = []
    connection = store._group._connection
    assert connection is not None

    def trace(statement: str) -> None:
        if statement.split(maxsplit=1)[0] in ("BEGIN", "COMMIT", "ROLLBACK"):
            ran.append(statement)

    connection.set_trace_callback(trace)
    return ran


async def test_it_writes_as_safely_as_promised(store: SqliteStore) -> None:
    await store.write(adding("a"))
    for connection in (store._group._connection, store._reader):
        assert connection is not None
        values = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
        assert values == ["wal", 2, 1]


async def test_a_write_returns_after_its_commit(store: SqliteStore) -> None:
    await store.write(adding("a"))
    ran = traced(store)
    await store.write(adding("b"))
    assert ran == ["BEGIN IMMEDIATE", "COMMIT"]


async def test_writes_of_one_turn_share_a_commit(store: SqliteStore) -> None:
    await store.write(adding("first"))
    ran = traced(store)
    await asyncio.gather(*(store.write(adding(f"{i}")) for i in range(200)))
    assert ran == ["BEGIN IMMEDIATE", "COMMIT"]
    assert await names(store) == 201


async def test_groups_have_a_bound(store: SqliteStore) -> None:
    await store.write(adding("first"))
    ran = traced(store)
    count = sqlite_group.GROUP_WORKS + 1
    await asyncio.gather(*(store.write(adding(f"{i}")) for i in range(count)))
    assert ran == ["BEGIN IMMEDIATE", "COMMIT"] * 2


async def test_nothing_can_be_read_before_its_commit(store: SqliteStore) -> None:
    seen: list[int] = []
    reader = sqlite3.connect(store._group._path)

    async def work(tx: Transaction) -> None:
        await tx.execute(s.ADD_KEY, s.a_key("a"))
        seen.extend(reader.execute("SELECT count(*) FROM access_keys").fetchone())

    await store.write(work)
    assert seen == [0]
    assert reader.execute("SELECT count(*) FROM access_keys").fetchone() == (1,)
    reader.close()


async def test_the_commit_does_not_stop_the_loop(store: SqliteStore) -> None:
    """COMMIT and other processes' locks are waited for on another thread."""
    threads: list[int] = []
    await store.write(adding("a"))
    connection = store._group._connection
    assert connection is not None
    connection.set_trace_callback(
        lambda text: threads.append(threading.get_ident()) if text == "COMMIT" else None
    )
    await store.write(adding("b"))
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


async def test_a_work_that_waits_for_something_else_is_refused(store: SqliteStore) -> None:
    closed: list[bool] = []

    async def work(tx: Transaction) -> None:
        await tx.execute(s.ADD_KEY, s.a_key("a"))
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    with pytest.raises(RuntimeError, match="nothing but its transaction"):
        await store.write(work)
    assert closed == [True]
    assert await names(store) == 0


async def test_a_cancelled_caller_stops_nobody_else(store: SqliteStore) -> None:
    tasks = [asyncio.create_task(store.write(adding(f"{i}"))) for i in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcomes[0], outcomes[2]] == [1, 1]
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert await names(store) == 2


async def test_a_duplicate_in_the_middle_of_a_group(store: SqliteStore) -> None:
    keys = ["a", "b", "a", "c", "b"]
    outcomes = await asyncio.gather(*(store.write(adding(k)) for k in keys), return_exceptions=True)
    assert [isinstance(outcome, DuplicateKey) for outcome in outcomes] == [
        *(False, False, True, False, True)
    ]
    assert await names(store) == 3


async def test_close_finishes_what_was_given(store: SqliteStore, tmp_path: Path) -> None:
    tasks = [asyncio.create_task(store.write(adding(f"{i}"))) for i in range(100)]
    await asyncio.sleep(0)
    await store.close()
    assert [await task for task in tasks] == [1] * 100
    again = await open_store("", tmp_path)
    assert [tuple(row) for row in await again.fetch(s.COUNT_KEYS)] == [(100,)]
    await again.close()


async def test_it_waits_for_another_process(store: SqliteStore, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "hubbub.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    tasks = [asyncio.create_task(store.write(adding(f"{i}"))) for i in range(3)]
    await asyncio.sleep(0.05)
    assert await names(store) == 0  # reading goes on
    assert not any(task.done() for task in tasks)
    other.execute("COMMIT")
    other.close()
    assert [await task for task in tasks] == [1, 1, 1]


async def test_it_does_not_wait_for_ever(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_group, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "hubbub.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.write(adding("a"))
    other.execute("COMMIT")
    other.close()
    assert await store.write(adding("a")) == 1


@contextmanager
def no_space(store: SqliteStore, tmp_path: Path) -> Iterator[None]:
    """Files cannot grow: each write beyond their size fails."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = (tmp_path / "hubbub.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)


@contextmanager
def no_pages(store: SqliteStore, tmp_path: Path) -> Iterator[None]:
    """SQLite itself says that the disk is full, in the middle of a work."""
    connection = store._group._connection
    assert connection is not None
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    yield
    connection = store._group._connection
    assert connection is not None
    connection.execute(f"PRAGMA max_page_count={1 << 30}")


@pytest.mark.parametrize("full", [no_space, no_pages])
async def test_a_full_disk_is_reported_and_recovered_from(
    store: SqliteStore,
    tmp_path: Path,
    full: Callable[[SqliteStore, Path], AbstractContextManager[None]],
) -> None:
    def big(name: str) -> Callable[[Transaction], Awaitable[None]]:
        async def work(tx: Transaction) -> None:
            await tx.execute(s.ADD_KEY, s.a_key(name) | {"sealed_secret": bytes(100_000)})

        return work

    await store.write(adding("before"))
    with full(store, tmp_path):
        for attempt in range(3):
            outcomes = await asyncio.gather(
                *(store.write(big(f"{attempt}-{i}")) for i in range(3)), return_exceptions=True
            )
            assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
            assert await names(store) == 1
    await asyncio.gather(*(store.write(big(f"after-{i}")) for i in range(3)))
    assert await names(store) == 4
    with sqlite3.connect(tmp_path / "hubbub.db") as check:
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


async def test_a_work_cannot_hide_a_full_disk(store: SqliteStore, tmp_path: Path) -> None:
    async def hiding(tx: Transaction) -> str:
        for number in range(2):
            try:
                await tx.execute(s.ADD_KEY, s.a_key(f"{number}") | {"sealed_secret": bytes(50_000)})
            except StoreUnavailable:
                continue
        return "fine"

    await store.write(adding("before"))
    with no_pages(store, tmp_path), pytest.raises(StoreUnavailable, match="full"):
        await store.write(hiding)
    assert await store.write(adding("after")) == 1


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        told = [writer.stdout.readline().decode().strip() for _ in range(300)]
        writer.kill()
        told += writer.stdout.read().decode().split("\n")[:-1]
        writer.stdout.close()
        writer.wait()
        with sqlite3.connect(tmp_path / "hubbub.db") as file:
            there = {name for (name,) in file.execute("SELECT access_key_id FROM access_keys")}
            assert set(told) <= there
            # Works are whole: both rows or none.
            assert {name for name in there if not name.endswith("-first")} == {
                name.removesuffix("-first") for name in there if name.endswith("-first")
            }
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            file.execute("DELETE FROM access_keys")
        file.close()


async def test_a_second_server_is_refused(tmp_path: Path) -> None:
    first = await open_store("", tmp_path, exclusive=True)
    with pytest.raises(StoreInUse, match="another server is using the database"):
        await open_store("", tmp_path, exclusive=True)
    cli = await open_store("", tmp_path)
    await cli.close()
    await first.close()
    second = await open_store("", tmp_path, exclusive=True)
    await second.close()


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(StoreInUse):
        asyncio.run(open_store("", tmp_path, exclusive=True))
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()

    async def open_and_close() -> None:
        await (await open_store("", tmp_path, exclusive=True)).close()

    asyncio.run(open_and_close())


async def test_a_file_that_cannot_be_opened_for_a_while(store: SqliteStore) -> None:
    """As on a file system that was unmounted."""
    await store.write(adding("before"))
    group, path = store._group, store._group._path
    group._disconnect()
    group._path = path / "missing"
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="unable to open"):
            await store.write(adding("meanwhile"))
    group._path = path
    assert await store.write(adding("after")) == 1
    assert await names(store) == 2


async def test_a_connection_that_fails_is_replaced(store: SqliteStore) -> None:
    await store.write(adding("before"))
    connection = store._group._connection
    assert connection is not None
    connection.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.write(adding("meanwhile"))
    assert await store.write(adding("after")) == 1


async def test_the_file_is_ours_alone(store: SqliteStore, tmp_path: Path) -> None:
    await store.write(adding("a"))
    files = {entry.name: entry.stat().st_mode & 0o777 for entry in os.scandir(tmp_path)}
    assert files == {"hubbub.db": 0o600, "hubbub.db-wal": 0o600, "hubbub.db-shm": 0o600}
