"""What the fixtures promise."""

from __future__ import annotations

import asyncpg
from redis.asyncio import Redis

from tests.services.postgresql import PostgresqlServer
from tests.services.redis import RedisServer


async def test_postgresql_gives_each_test_an_empty_database(
    postgresql_server: PostgresqlServer, postgresql_url: str
) -> None:
    connection = await asyncpg.connect(postgresql_url)
    await connection.execute("CREATE TABLE a (b text)")
    await connection.close()
    another = postgresql_server.create_database()
    connection = await asyncpg.connect(another)
    assert await connection.fetchval("SELECT to_regclass('a')") is None
    await connection.close()
    postgresql_server.drop_database(another)


async def test_postgresql_keeps_what_is_committed_over_a_crash(
    postgresql_server: PostgresqlServer, postgresql_url: str
) -> None:
    connection = await asyncpg.connect(postgresql_url)
    await connection.execute("CREATE TABLE a (b text)")
    await connection.close()
    postgresql_server.stop()
    postgresql_server.start()
    connection = await asyncpg.connect(postgresql_url)
    assert await connection.fetchval("SELECT count(*) FROM a") == 0
    await connection.close()


async def test_redis_is_empty_for_each_test(redis_server: RedisServer, redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        await client.set("a", "b")
        redis_server.flush()
        assert await client.get("a") is None
