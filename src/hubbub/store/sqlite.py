"""The store on SQLite: reads on the event loop's thread, writes in groups (`sqlite_group`)."""

from __future__ import annotations

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
