"""Brings a PostgreSQL database to our revision; many nodes may start at once."""

from __future__ import annotations

from typing import Any

import asyncpg

from hubbub.store.contract import StoreUnavailable
from hubbub.store.dialects import postgresql_dialect
from hubbub.store.postgresql_errors import MAY_PASS
from hubbub.store.revisions import HEAD, READ_REVISION, creation, migration

# pg_advisory_xact_lock's key; any number that other programs do not use.
_LOCK = 0x48756262_7562

CONNECT_SECONDS = 5.0


async def prepare(dsn: str) -> None:
    """Make the tables, or migrate them. Raises StoreTooNew and StoreUnavailable."""
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
        try:
            if await _revision(connection) != HEAD:
                await _upgrade(connection)
        finally:
            await connection.close()
    except (*MAY_PASS, asyncpg.PostgresError) as error:
        reason = str(error) or type(error).__name__
        raise StoreUnavailable(f"PostgreSQL cannot be used: {reason}") from error


async def _revision(connection: Any) -> str | None:
    """None: nothing of ours is there."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')::text") is None:
        return None
    revision: str | None = await connection.fetchval(READ_REVISION)
    if revision is None:
        raise StoreUnavailable("the database belongs to another program")
    return revision


async def _upgrade(connection: Any) -> None:
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        revision = await _revision(connection)  # another node may have been faster
        if revision is None:
            statements = creation(postgresql_dialect())
        else:
            statements = [] if revision == HEAD else migration(revision, "postgresql")
        for statement in statements:
            await connection.execute(statement)
