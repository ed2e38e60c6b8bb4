"""What the errors of PostgreSQL and asyncpg mean to us."""

from __future__ import annotations

import asyncpg

from hubbub.store.contract import DuplicateKey, StoreUnavailable

RETRY: tuple[type[Exception], ...] = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.OutdatedSchemaCacheError,  # another node has just migrated the database
    asyncpg.InvalidCachedStatementError,
)
"""Nothing was done, and the next attempt may succeed."""

MAY_PASS: tuple[type[Exception], ...] = (OSError, TimeoutError, asyncpg.InterfaceError)
"""Beside `asyncpg.PostgresError`, what a failing connection raises."""

_LOST = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.ConnectionFailureError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
)
_UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.InsufficientResourcesError,  # 53: disk full, too many connections
    asyncpg.OperatorInterventionError,  # 57: shutting down, starting up
    asyncpg.PostgresSystemError,  # 58: I/O error
    asyncpg.ReadOnlySQLTransactionError,  # a standby
    asyncpg.InvalidAuthorizationSpecificationError,  # 28
    asyncpg.InvalidCatalogNameError,  # the database was dropped
)


def translated(error: Exception) -> Exception:
    """The contract's exception for a driver's; the same exception when it is a fault of ours."""
    if isinstance(error, asyncpg.UniqueViolationError | asyncpg.ForeignKeyViolationError):
        return DuplicateKey(str(error))
    if isinstance(error, _UNAVAILABLE) or _closed(error):
        return StoreUnavailable(f"PostgreSQL: {error or type(error).__name__}")
    return error


def is_lost(error: Exception) -> bool:
    """Has the connection gone, as those of a pool do when the server restarts?"""
    return isinstance(error, _LOST) or _closed(error)


def _closed(error: Exception) -> bool:
    is_ours = isinstance(error, ValueError)  # a parameter of the wrong type
    return isinstance(error, asyncpg.InterfaceError) and not is_ours and "clos" in str(error)
