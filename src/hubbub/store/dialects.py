"""SQLAlchemy's dialects, for their SQL only: statements run on the drivers themselves."""

from __future__ import annotations

from sqlalchemy.engine.interfaces import Dialect


def sqlite_dialect() -> Dialect:
    from sqlalchemy.dialects.sqlite.base import SQLiteDialect  # noqa: PLC0415

    return SQLiteDialect(paramstyle="qmark")


def postgresql_dialect() -> Dialect:
    # 80 ms that a node with SQLite need not spend.
    from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg  # noqa: PLC0415

    dialect: Dialect = PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
    return dialect
