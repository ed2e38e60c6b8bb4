"""The seam between operations and the database.

One invariant: *a write that returned is on disk*. Work given to `Store.write` is atomic, and runs
serialised against every other writer of the rows it touches.

Statements are SQLAlchemy Core executables with ``bindparam`` placeholders, made once at import (or
cached), so that each is compiled once. Columns are text, 64-bit integers and bytes only; times are
epoch microseconds, structured values are JSON text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy.sql.expression import Executable

T = TypeVar("T")
Row = Sequence[Any]
"""One result row; columns by position, in the order of the select."""


class StoreUnavailable(Exception):
    """The database cannot be reached or cannot write now (disk full); nothing was changed.

    With one exception: when PostgreSQL is lost during a COMMIT, the change may have happened.
    """


class DuplicateKey(Exception):
    """A unique or foreign key constraint refused the statement, and with it the whole work.

    The work can only end then: its changes are undone and `Store.write` raises this, whatever the
    work returns.
    """


class Reader(Protocol):
    async def fetch(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row]:
        """All rows of a select. None for a text with NUL, which PostgreSQL cannot hold."""
        ...


class Transaction(Reader, Protocol):
    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> int:
        """Run an insert, update or delete; the number of rows it touched."""
        ...


class Store(Reader, Protocol):
    """A database. ``fetch`` on the store itself reads what is committed."""

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in a transaction and return its result once that is durable.

        `work` awaits nothing but its transaction (SQLite runs many works to one fsync). An
        exception from it undoes its changes, and only its own. It may run more than once
        (PostgreSQL: when others got in its way), so it changes nothing but the database. Rows it
        reads in order to change them are read with ``with_for_update()``.
        """
        ...

    async def close(self) -> None: ...
