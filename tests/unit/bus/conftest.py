"""Nodes on a real server, and both kinds of bus."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from hubbub.bus import Bus, open_bus
from hubbub.bus.memory import MemoryBus
from hubbub.bus.valkey import ValkeyBus
from tests.services.redis import RedisServer

OpenBus = Callable[[], Awaitable[ValkeyBus]]


def command(server: RedisServer, text: str) -> bytes:
    """The server's whole answer, as long as it is short."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as peer:
        peer.sendall(text.encode() + b"\r\n")
        return peer.recv(65_536)


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    """A server the test may stop and start."""
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
async def open_node(redis_url: str) -> AsyncIterator[OpenBus]:
    """Opens one node's bus after another on the shared server."""
    opened: list[ValkeyBus] = []

    async def node() -> ValkeyBus:
        bus = await ValkeyBus.open(redis_url)
        opened.append(bus)
        return bus

    yield node
    for bus in opened:
        await bus.close()


@pytest.fixture(params=["memory", "valkey"])
async def bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bus]:
    """Each kind of bus."""
    if request.param == "memory":
        made: Bus = MemoryBus(tmp_path)
    else:
        made = await open_bus(request.getfixturevalue("redis_url"), tmp_path)
    yield made
    await made.close()
