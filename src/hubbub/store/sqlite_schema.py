"""Brings a SQLite file to our revision, before anybody uses it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import nullcontext
from pathlib import Path
from typing import IO

from hubbub.store import revisions
from hubbub.store.contract import StoreUnavailable
from hubbub.store.dialects import sqlite_dialect
from hubbub.store.sqlite_connection import connect


class StoreInUse(StoreUnavailable):
    """Another server uses this database."""


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


def prepare(path: Path, *, exclusive: bool) -> None:
    """Make the file, or migrate it. Raises StoreTooNew and StoreUnavailable.

    Without ``exclusive`` somebody else may be its server, who is not to be migrated under way.
    """
    try:
        _create_file(path)
        # Migrations rebuild tables, which rows in other tables may point to.
        connection = connect(path, foreign_keys=False)
        try:
            revision = _revision(connection)
            if revision != revisions.HEAD:
                with nullcontext() if exclusive or revision is None else server_lock(path):
                    _upgrade(connection)
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"the database {path} cannot be opened: {error}") from error


def _create_file(path: Path) -> None:
    """Readable for us alone, and the directory's entry on disk as well."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _revision(connection: sqlite3.Connection) -> str | None:
    """None: an empty database."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    if ("alembic_version",) in tables:
        row = connection.execute(revisions.READ_REVISION).fetchone()
        if row is not None:
            return str(row[0])
    if tables:
        raise StoreUnavailable("the database belongs to another program")
    return None


def _upgrade(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        revision = _revision(connection)  # another process may have been faster
        if revision is None:
            statements = revisions.creation(sqlite_dialect())
        else:
            statements = (
                [] if revision == revisions.HEAD else revisions.migration(revision, "sqlite")
            )
        for statement in statements:
            connection.execute(statement)
        if broken := connection.execute("PRAGMA foreign_key_check").fetchone():
            raise StoreUnavailable(f"migration leaves rows without their parent: {broken}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
