"""Brings a PostgreSQL database to our revision; many nodes may start at once."""

from __future__ import annotations

from typing import Any

import asyncpg

from hubbub.store import revisions
from hubbub.store.contract import StoreUnavailable
from hubbub.store.dialects import postgresql_dialect
from hubbub.store.postgresql_errors import MAY_PASS

# pg_advisory_xact_lock's key; any number that other programs do not use.
_LOCK = 0x48756262_7562

# Not to_regclass: that may answer from a cache what was true before we waited for the lock.
_HAS_TABLE = (
    "SELECT count(*) FROM pg_class WHERE relname = 'alembic_version' AND pg_table_is_visible(oid)"
)

CONNECT_SECONDS = 5.0


async def prepare(dsn: str) -> None:
    """Make the tables, or migrate them.

    Raises StoreTooNew and StoreUnavailable; ValueError when the URL cannot be read.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
        try:
            if await _revision(connection) != revisions.HEAD:
                await _upgrade(connection)
        finally:
            await connection.close()
    except asyncpg.ClientConfigurationError:  # a ValueError
        raise
    except (*MAY_PASS, asyncpg.PostgresError) as error:
        reason = str(error) or type(error).__name__
        raise StoreUnavailable(f"PostgreSQL cannot be used: {reason}") from error


async def _revision(connection: Any) -> str | None:
    """None: nothing of ours is there."""
    if not await connection.fetchval(_HAS_TABLE):
        return None
    revision: str | None = await connection.fetchval(revisions.READ_REVISION)
    if revision is None:
        raise StoreUnavailable("the database belongs to another program")
    return revision


async def _upgrade(connection: Any) -> None:
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        revision = await _revision(connection)  # another node may have been faster
        if revision is None:
            statements = revisions.creation(postgresql_dialect())
        else:
            statements = (
                [] if revision == revisions.HEAD else revisions.migration(revision, "postgresql")
            )
        for statement in statements:
            await connection.execute(statement)
