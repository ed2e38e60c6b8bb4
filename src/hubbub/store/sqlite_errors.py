"""What SQLite's errors mean to us."""

from __future__ import annotations

import sqlite3

from hubbub.store.contract import DuplicateKey, StoreUnavailable

_DUPLICATE = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
        sqlite3.SQLITE_CONSTRAINT_ROWID,
    }
)
# Primary codes of what may pass: no space, no device, no lock, no memory, a damaged file.
_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)


def translated(error: sqlite3.Error) -> Exception:
    """The contract's exception for a driver's; the same exception when it is a fault of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    if code in _DUPLICATE:
        return DuplicateKey(str(error))
    if code is not None and code & 0xFF in _UNAVAILABLE:
        return StoreUnavailable(f"SQLite: {error}")
    return error


def is_busy(error: sqlite3.Error) -> bool:
    """Does another process hold the lock?"""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY
