"""The store on PostgreSQL, over a pool of asyncpg's connections."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.sql.expression import Executable

from hubbub.store.contract import DuplicateKey, Row, StoreUnavailable, Transaction
from hubbub.store.dialects import postgresql_dialect
from hubbub.store.postgresql_errors import MAY_PASS, RETRY, is_lost, translated
from hubbub.store.statements import NO_PARAMETERS, Parameters, Statements

T = TypeVar("T")

CONNECTIONS = 10
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 10.0
ATTEMPTS = 12  # of a work that others get in the way of
PAUSE_SECONDS = 0.002  # before the second attempt, doubled for each further one


class PoolConnection(asyncpg.Connection):  # type: ignore[misc]
    """Spares the round trip that resets a session: ours only ever run plain statements."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        return ""


class PostgresqlTransaction:
    """What one work sees."""

    def __init__(self, connection: Any, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements
        self.refused: DuplicateKey | None = None

    async def fetch(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[Row]:
        rows: Sequence[Row] = await self._run(self._connection.fetch, statement, parameters)
        return rows

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> int:
        status: str = await self._run(self._connection.execute, statement, parameters)
        return int(status.rpartition(" ")[2])  # "INSERT 0 1", "UPDATE 3"

    async def _run(
        self,
        method: Callable[..., Awaitable[Any]],
        statement: Executable,
        parameters: Parameters | None,
    ) -> Any:
        if self.refused is not None:
            raise self.refused
        compiled = self._statements(statement)
        arguments = compiled.arguments(NO_PARAMETERS if parameters is None else parameters)
        try:
            return await method(compiled.text, *arguments)
        except asyncpg.PostgresError as error:
            failure = translated(error)
            if isinstance(failure, DuplicateKey):
                self.refused = failure
                raise failure from error
            raise  # to `PostgresqlStore.write`, which may try again


class PostgresqlStore:
    """A database that many nodes may share. It comes back by itself when the server does."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._statements = Statements(postgresql_dialect())
        self._closed = False

    @classmethod
    async def open(cls, dsn: str) -> PostgresqlStore:
        """`dsn` with asyncpg's scheme, ``postgresql://``. Raises StoreUnavailable."""
        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=CONNECTIONS,
                max_inactive_connection_lifetime=60,
                connection_class=PoolConnection,
                init=_durable,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings={"application_name": "hubbub"},
            )
        except (*MAY_PASS, asyncpg.PostgresError) as error:
            raise StoreUnavailable(f"PostgreSQL: {error}") from error
        return cls(pool)

    async def fetch(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[Row]:
        compiled = self._statements(statement)
        arguments = compiled.arguments(NO_PARAMETERS if parameters is None else parameters)

        async def read(connection: Any) -> Sequence[Row]:
            try:
                rows: Sequence[Row] = await connection.fetch(compiled.text, *arguments)
            except asyncpg.CharacterNotInRepertoireError:  # NUL: no row has a text with it
                return []
            return rows

        return await self._on_connection(read)

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async def run(connection: Any) -> T:
            transaction = PostgresqlTransaction(connection, self._statements)
            committing = False
            try:
                async with connection.transaction(isolation="read_committed"):
                    result = await work(transaction)
                    if transaction.refused is not None:
                        raise transaction.refused
                    committing = True
            except (*MAY_PASS, asyncpg.PostgresError) as error:
                if committing and is_lost(error):  # not to be tried again: it may have happened
                    raise StoreUnavailable("PostgreSQL: connection lost in COMMIT") from error
                raise
            return result

        return await self._on_connection(run)

    async def close(self) -> None:
        self._closed = True
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _on_connection(self, run: Callable[[Any], Awaitable[T]]) -> T:
        """Run it, again when others got in its way or an idle connection proves to be dead."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        pause = PAUSE_SECONDS
        last: Exception | None = None
        for attempt in range(ATTEMPTS):
            try:
                async with self._pool.acquire(timeout=CONNECT_SECONDS) as connection:
                    return await run(connection)
            except RETRY as error:
                last = error
            except (*MAY_PASS, asyncpg.PostgresError) as error:
                if attempt or not is_lost(error):
                    raise translated(error) from error
                last = error
                await self._pool.expire_connections()
            await asyncio.sleep(pause * random.random())  # noqa: S311 -- no secret
            pause *= 2
        raise StoreUnavailable(f"PostgreSQL: {last}") from last


async def _durable(connection: Any) -> None:
    """A server set up to answer before the disk has it does so for others, not for us."""
    if await connection.fetchval("SHOW synchronous_commit") == "off":
        await connection.execute("SET synchronous_commit = on")
