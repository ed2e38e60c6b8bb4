"""From settings to an open store."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from hubbub.settings import SettingsError
from hubbub.store import sqlite_schema
from hubbub.store.contract import Store

DATABASE_FILE = "hubbub.db"

_POSTGRESQL = re.compile(r"(postgresql|postgresql\+asyncpg|postgres)://")


def is_postgresql(database_url: str) -> bool:
    return _POSTGRESQL.match(database_url) is not None


async def open_store(database_url: str, data_dir: Path, *, exclusive: bool = False) -> Store:
    """The store of these settings, at our revision of the schema.

    ``exclusive``: be the one server of a SQLite file; others are refused until this store closes
    or the process ends. Raises SettingsError, StoreUnavailable, and of the latter StoreTooNew and
    StoreInUse; all with a text for the user.
    """
    if scheme := _POSTGRESQL.match(database_url):
        return await _open_postgresql("postgresql://" + database_url[scheme.end() :])
    from hubbub.store.sqlite import SqliteStore  # noqa: PLC0415

    path = _sqlite_path(database_url, data_dir)
    lock = sqlite_schema.server_lock(path) if exclusive else None
    try:
        sqlite_schema.prepare(path, exclusive=exclusive)
        return SqliteStore(path, lock)
    except BaseException:
        if lock is not None:
            lock.close()
        raise


async def _open_postgresql(dsn: str) -> Store:
    from hubbub.store import postgresql_schema  # noqa: PLC0415 -- neither is asyncpg
    from hubbub.store.postgresql import PostgresqlStore  # noqa: PLC0415

    try:
        await postgresql_schema.prepare(dsn)
        return await PostgresqlStore.open(dsn)
    except ValueError as error:  # asyncpg cannot read the URL; its text may hold the password
        raise SettingsError("setting database-url is no usable PostgreSQL URL") from error


def _sqlite_path(database_url: str, data_dir: Path) -> Path:
    if not database_url:
        return data_dir / DATABASE_FILE
    if not database_url.startswith("sqlite:///") or "?" in database_url:
        raise SettingsError("setting database-url must be postgresql://… or sqlite:///path")
    path = unquote(database_url.removeprefix("sqlite:///"))
    if path in ("", ":memory:"):
        raise SettingsError("setting database-url: SQLite needs a file, as in sqlite:///path")
    return Path(path).absolute()
