"""Members who come and go leave nothing behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.clients.observed import metric, resident_mib, tracebacks
from tests.clients.raw_socket import chatter
from tests.clients.world import World
from tests.scenarios.crowd import Crowd
from tests.server import Server, running_server

CONNECTIONS = "ivschat_concurrent_chat_connections"


async def visit(world: World, server: Server, room: str, visits: int) -> None:
    """Come in, talk, and leave: in order, by a reset, or thrown out."""
    for n in range(visits):
        token = world.token(room, "visitor")["token"]
        async with chatter(server.websocket, token) as visitor:
            await visitor.say("hi")
            await visitor.receive()
            if n % 3 == 1:
                visitor.connection.transport.abort()
            elif n % 3 == 2:
                world.ivschat.disconnect_user(roomIdentifier=room, userId="visitor")
                await visitor.closing()


async def churn(tmp_path: Path, rounds: int, allowed_mib: float) -> None:
    with running_server(
        tmp_path, environment={"HUBBUB_LIMITS_DISCONNECTS_PER_SECOND": "0"}
    ) as server:
        with World(server) as world:
            await a_round(world, server, 3)
            before = resident_mib(server)
            for _ in range(rounds):
                await a_round(world, server, 20)
            after = resident_mib(server)
            print(f"\nchurn: {rounds * 20 * 5} visits, resident {before:.1f} -> {after:.1f} MiB")
            assert await asyncio.to_thread(metric, server, CONNECTIONS) == 0
            assert after < before + allowed_mib
        assert tracebacks(server) == []
        assert server.stop() == 0


async def a_round(world: World, server: Server, visits: int) -> None:
    rooms = [world.room(maximumMessageRatePerSecond=100) for _ in range(5)]
    for room in rooms:
        async with Crowd(world, room, 2):
            await visit(world, server, room, visits)
        world.ivschat.delete_room(identifier=room)
    await asyncio.sleep(0.1)


async def test_some_visits(tmp_path: Path) -> None:
    await churn(tmp_path, rounds=2, allowed_mib=12)


@pytest.mark.long
async def test_many_visits(tmp_path: Path) -> None:
    await churn(tmp_path, rounds=60, allowed_mib=12)
