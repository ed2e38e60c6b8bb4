"""Connections to a SQLite file as every part of Hubbub opens them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hubbub.store.contract import StoreUnavailable

BUSY_SECONDS = 5.0
"""How long one waits for another process, such as ``hubbub keys``, to finish its transaction."""

WAL_BYTES = 16 << 20
"""What the write-ahead log keeps of a larger size it once had."""


def connect(path: Path, *, foreign_keys: bool = True) -> sqlite3.Connection:
    """A connection without implicit transactions; WAL, and a commit waits for the disk."""
    # One thread at a time uses it, but not always the same.
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
    )
    try:
        (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        if mode != "wal":
            raise StoreUnavailable(f"the file system of {path} does not support SQLite's WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA journal_size_limit={WAL_BYTES}")
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
    except BaseException:
        connection.close()
        raise
    return connection


def set_busy_timeout(connection: sqlite3.Connection, seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout={round(seconds * 1000)}")
