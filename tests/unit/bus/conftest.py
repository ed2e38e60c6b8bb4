"""A real server for the bus, and both kinds of bus."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from hubbub.bus import Bus, open_bus
from hubbub.bus.memory import MemoryBus
from hubbub.bus.valkey import ValkeyBus

OpenBus = Callable[[], Awaitable[ValkeyBus]]


class RedisServer:
    """redis-server or valkey-server on a port of its own, with nothing kept on disk."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.directory / "s"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = shutil.which("valkey-server") or shutil.which("redis-server")
        assert program, "these tests need redis-server or valkey-server"
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--unixsocket", str(self.socket), "--dir", str(self.directory)],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 10
        while self.command(b"PING\r\n") != b"+PONG\r\n":
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def command(self, line: bytes) -> bytes:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as peer:
                peer.sendall(line)
                return peer.recv(4096)
        except OSError:
            return b""

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(shared_server: RedisServer) -> RedisServer:
    """A server without data."""
    assert shared_server.command(b"FLUSHALL\r\n") == b"+OK\r\n"
    return shared_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server the test may stop and start."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def open_node(redis_server: RedisServer) -> AsyncIterator[OpenBus]:
    """Opens one node's bus after another on the shared server."""
    opened: list[ValkeyBus] = []

    async def node() -> ValkeyBus:
        bus = await ValkeyBus.open(redis_server.url)
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
        server: RedisServer = request.getfixturevalue("redis_server")
        made = await open_bus(server.url, tmp_path)
    yield made
    await made.close()
