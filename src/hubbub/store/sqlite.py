"""The store on SQLite: reads on the event loop's thread, writes in groups (`sqlite_group`)."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import IO, TypeVar

from sqlalchemy.sql.expression import Executable

from hubbub.store.contract import Row, StoreUnavailable, Transaction
from hubbub.store.dialects import sqlite_dialect
from hubbub.store.sqlite_connection import connect
from hubbub.store.sqlite_errors import translated
from hubbub.store.sqlite_group import GroupCommit
from hubbub.store.statements import NO_PARAMETERS, Parameters, Statements

T = TypeVar("T")


class StoreInUse(StoreUnavailable):
    """Another server uses this database."""


class SqliteStore:
    """One file. A read takes microseconds, so it happens where it is asked for."""

    def __init__(self, path: Path, lock: IO[bytes] | None = None) -> None:
        """`path`: a file at our revision; `lock`: closed with the store."""
        self._lock = lock
        self._statements = Statements(sqlite_dialect())
        self._reader: sqlite3.Connection | None = connect(path)
        self._group = GroupCommit(path, self._statements)

    async def fetch(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[Row]:
        compiled = self._statements(statement)
        arguments = compiled.arguments(NO_PARAMETERS if parameters is None else parameters)
        if self._reader is None:
            raise StoreUnavailable("the store is closed")
        try:
            return self._reader.execute(compiled.text, arguments).fetchall()
        except sqlite3.Error as error:
            raise translated(error) from error

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self._group.write(work)

    async def close(self) -> None:
        await self._group.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def server_lock(path: Path) -> IO[bytes]:
    """The lock of the one server of a database; the kernel frees it when the process ends."""
    try:
        file = path.with_name(path.name + ".lock").open("ab")
    except OSError as error:
        raise StoreUnavailable(f"the database {path} cannot be opened: {error}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StoreInUse(f"another server is using the database {path}") from None
    return file
