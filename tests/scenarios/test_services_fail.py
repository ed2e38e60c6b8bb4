"""Redis and PostgreSQL go away and come back: sockets stay, senders are told, all heals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.observed import tracebacks
from tests.clients.raw_socket import Chatter
from tests.clients.world import World
from tests.scenarios.nodes import nodes
from tests.server import Server
from tests.services.postgresql import PostgresqlServer
from tests.services.redis import RedisServer

HEALING = 20.0  # seconds


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A server that this test may kill."""
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def postgresql() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer()
    yield server
    server.close()


async def healed(attempt: Callable[[], Awaitable[bool]]) -> float:
    """Seconds until it works."""
    began = time.monotonic()
    while not await attempt():
        assert time.monotonic() - began < HEALING
        await asyncio.sleep(0.1)
    return time.monotonic() - began


def finished(server: Server) -> None:
    assert tracebacks(server) == []
    assert server.stop() == 0


async def talks(speaker: Chatter, listener: Chatter) -> bool:
    """Does a message of one reach the other?"""
    await speaker.say("anybody?", "r")
    frame = await speaker.receive()
    if frame["Type"] == "ERROR":
        assert frame["ErrorCode"] in (500, 429)
        return False
    heard = await listener.receive()
    assert heard == frame
    return True


async def test_redis_dies_and_comes_back(
    tmp_path: Path, postgresql_url: str, redis: RedisServer
) -> None:
    with nodes(tmp_path, postgresql_url, redis.url) as (first, second):
        with World(first) as here, World(second) as there:
            room = here.room(maximumMessageRatePerSecond=100)
            async with here.chatter(room, "kim") as kim, there.chatter(room, "lee") as lee:
                assert await talks(kim, lee)

                redis.stop()
                for speaker in (kim, lee):
                    await speaker.say("lost", "r-1")
                    error = await speaker.receive()
                    assert (error["Type"], error["ErrorCode"]) == ("ERROR", 500)
                    assert error["RequestId"] == "r-1"
                # The control plane needs no bus to read and to write.
                assert there.ivschat.get_room(identifier=room)["arn"] == room
                assert here.room(name="made-meanwhile")
                with pytest.raises(ClientError) as failure:
                    here.ivschat.send_event(roomIdentifier=room, eventName="x")
                response: Any = failure.value.response
                assert response["ResponseMetadata"]["HTTPStatusCode"] in (500, 503)

                redis.start()
                seconds = await healed(lambda: talks(kim, lee))
                await healed(lambda: talks(lee, kim))
                print(f"\nredis back: chat healed after {seconds:.1f} s")
                here.ivschat.send_event(roomIdentifier=room, eventName="x")
                for member in (kim, lee):
                    assert (await member.receive())["EventName"] == "x"
                async with there.chatter(room, "newcomer") as newcomer:
                    await kim.say("welcome")
                    assert (await newcomer.receive())["Content"] == "welcome"
        finished(first)
        finished(second)


async def test_an_update_while_redis_is_away_is_in_force_afterwards(
    tmp_path: Path, postgresql_url: str, redis: RedisServer
) -> None:
    with nodes(tmp_path, postgresql_url, redis.url) as (first, second):
        with World(first) as here, World(second) as there:
            room = here.room()
            async with here.chatter(room, "kim") as kim, there.chatter(room, "lee") as lee:
                assert await talks(kim, lee)
                redis.stop()
                here.ivschat.update_room(identifier=room, maximumMessageLength=3)
                redis.start()

                async def refused() -> bool:
                    await lee.say("four")
                    frame = await lee.receive()
                    if frame["Type"] == "MESSAGE":
                        await kim.receive()
                    return bool(frame.get("ErrorCode") == 400)

                await healed(refused)
        finished(first)
        finished(second)


async def test_postgresql_restarts(
    tmp_path: Path, postgresql: PostgresqlServer, redis_url: str
) -> None:
    url = postgresql.create_database()
    with nodes(tmp_path, url, redis_url) as (first, second):
        with World(first) as here, World(second) as there:
            room = here.room(maximumMessageRatePerSecond=100)
            async with here.chatter(room, "kim") as kim, there.chatter(room, "lee") as lee:
                postgresql.stop()
                # Who is in goes on talking; who needs the database is told.
                assert await talks(kim, lee)
                with pytest.raises(ClientError) as failure:
                    here.ivschat.create_room()
                response: Any = failure.value.response
                assert response["ResponseMetadata"]["HTTPStatusCode"] == 503

                postgresql.start()

                async def created() -> bool:
                    try:
                        here.ivschat.create_room()
                        there.ivschat.get_room(identifier=room)
                    except ClientError:
                        return False
                    return True

                seconds = await healed(created)
                print(f"\npostgresql back: control plane healed after {seconds:.1f} s")
                assert await talks(lee, kim)
                async with there.chatter(room, "newcomer") as newcomer:
                    await kim.say("welcome")
                    assert (await newcomer.receive())["Content"] == "welcome"
        finished(first)
        finished(second)
