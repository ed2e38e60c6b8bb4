"""The bus goes away and comes back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hubbub.bus import (
    Admitted,
    BusUnavailable,
    Delivery,
    Outcome,
    Publication,
    Unavailable,
    open_bus,
)
from hubbub.bus.address import Address
from hubbub.bus.memory import MemoryBus
from hubbub.bus.valkey import ValkeyBus
from tests.services.redis import RedisServer
from tests.unit.bus.conftest import command
from tests.unit.bus.submitting import Listener, submit, until

KILL = "CLIENT KILL TYPE normal SKIPME yes"
KILL_SUBSCRIBERS = "CLIENT KILL TYPE pubsub SKIPME yes"


class Watched:
    """A node, what its subscriber hears, and what it is told about the bus."""

    def __init__(self, bus: ValkeyBus) -> None:
        self.bus = bus
        self.listener = Listener()
        self.restored = 0
        self.gaps: list[str] = []
        bus.on_restored(self._on_restored)
        bus.on_gap(self.gaps.append)

    def _on_restored(self) -> None:
        self.restored += 1

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """The server cannot be reached again until the block ends."""

        async def refuse() -> None:
            raise ConnectionRefusedError

        connect = self.bus._connect
        self.bus._connect = refuse  # type: ignore[method-assign]
        yield
        self.bus._connect = connect  # type: ignore[method-assign]

    async def restored_again(self, times: int) -> None:
        await until(lambda: self.restored == times)

    @property
    def labels(self) -> list[str]:
        return [delivery.label for delivery in self.listener.deliveries]


Watch = Callable[[], Awaitable[Watched]]


@pytest.fixture
async def watch(own_server: RedisServer) -> AsyncIterator[Watch]:
    buses: list[ValkeyBus] = []

    async def node() -> Watched:
        watched = Watched(await ValkeyBus.open(own_server.url))
        buses.append(watched.bus)
        await watched.bus.subscribe("room", watched.listener)
        return watched

    yield node
    for bus in buses:
        await bus.close()


def kill_connections(server: RedisServer) -> None:
    command(server, KILL)
    command(server, KILL_SUBSCRIBERS)


async def say(watched: Watched, text: str) -> Outcome:
    return await submit(watched.bus, publication=Publication("room", text.encode(), label=text))


async def test_a_killed_connection_heals_and_nothing_is_missed(
    own_server: RedisServer, watch: Watch
) -> None:
    here, there = await watch(), await watch()
    said = []
    for round_ in range(5):
        assert isinstance(await say(here, f"before {round_}"), Admitted)
        said.append(f"before {round_}")
        with there.unreachable():
            with here.unreachable():
                kill_connections(own_server)
                await until(lambda: here.bus._connection is there.bus._connection is None)
                assert await say(here, "refused") == Unavailable()
            await here.restored_again(round_ + 1)
            # What is said while `there` is still away it gets from the server's record.
            for number in range(3):
                assert isinstance(await say(here, f"after {round_}.{number}"), Admitted)
                said.append(f"after {round_}.{number}")
        await there.restored_again(round_ + 1)
    await until(lambda: len(there.labels) >= len(said))
    assert here.labels == there.labels == said
    assert here.gaps == there.gaps == []


async def test_the_server_stops_and_starts_on_the_same_port(
    own_server: RedisServer, watch: Watch
) -> None:
    here, there = await watch(), await watch()
    assert isinstance(await say(here, "1"), Admitted)
    await until(lambda: there.labels == ["1"])
    own_server.stop()
    await until(lambda: here.bus._connection is None)
    assert await say(here, "lost") == Unavailable()
    with pytest.raises(BusUnavailable):
        await here.bus.spend("token", 60)
    with pytest.raises(BusUnavailable):
        await here.bus.unspend("token")
    with pytest.raises(BusUnavailable):
        await here.bus.subscribe("other", Listener())
    here.bus.unsubscribe("another")
    own_server.start()
    await until(lambda: here.restored == there.restored == 1)
    assert isinstance(await say(here, "2"), Admitted)
    assert isinstance(await say(there, "3"), Admitted)
    await until(lambda: here.labels == there.labels == ["1", "2", "3"])
    assert here.gaps == there.gaps == []
    assert await here.bus.spend("token", 60)
    await here.bus.subscribe("other", Listener())


async def test_more_missed_than_is_kept_is_reported_as_a_gap(
    own_server: RedisServer, watch: Watch
) -> None:
    here, away = await watch(), await watch()
    assert isinstance(await say(here, "1"), Admitted)
    await until(lambda: away.labels == ["1"])

    with away.unreachable():
        assert away.bus._connection
        away.bus._connection.close()
        assert isinstance(await say(here, "2"), Admitted)
        command(own_server, "DEL hubbub:log:room")
        assert isinstance(await say(here, "3"), Admitted)
    await until(lambda: away.restored == 1)
    assert away.gaps == ["room"]
    assert away.labels == ["1"]
    assert isinstance(await say(here, "4"), Admitted)
    await until(lambda: away.labels == ["1", "4"])


async def test_a_server_that_hangs_is_given_up_within_about_a_second(
    own_server: RedisServer, watch: Watch
) -> None:
    here = await watch()
    assert command(own_server, "CLIENT PAUSE 1300 ALL") == b"+OK\r\n"
    loop = asyncio.get_running_loop()
    start = loop.time()
    outcomes = await asyncio.gather(*(say(here, str(number)) for number in range(10)))
    assert outcomes == [Unavailable()] * 10
    assert loop.time() - start < 1.5
    start = loop.time()
    assert await say(here, "at once") == Unavailable()
    assert loop.time() - start < 0.1
    await until(lambda: here.restored == 1)
    assert isinstance(await say(here, "back"), Admitted)


async def test_a_subscription_under_way_when_the_connection_ends_fails(
    own_server: RedisServer, watch: Watch
) -> None:
    here = await watch()
    assert command(own_server, "CLIENT PAUSE 200 ALL") == b"+OK\r\n"
    subscribing = asyncio.ensure_future(here.bus.subscribe("other", Listener()))
    await asyncio.sleep(0)
    assert here.bus._connection
    here.bus._connection.close()
    with pytest.raises(BusUnavailable):
        await subscribing
    assert len(here.bus._topics) == 1
    await until(lambda: here.restored == 1)


async def test_forgotten_scripts_are_loaded_again(own_server: RedisServer, watch: Watch) -> None:
    here = await watch()
    command(own_server, "SCRIPT FLUSH")
    assert await say(here, "1") == Unavailable()
    await until(lambda: here.restored == 1)
    assert isinstance(await say(here, "2"), Admitted)


async def test_connection_counts_come_back(
    own_server: RedisServer, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = await watch(), await watch()
    here.bus.report_connections("scope", 2)
    monkeypatch.setattr("hubbub.bus.presence.INTERVAL_SECONDS", 0.05)
    await until(lambda: there.bus.connections("scope") == 2)
    own_server.stop()
    await until(lambda: there.bus._connection is None)
    here.bus.report_connections("scope", 3)
    own_server.start()
    await until(lambda: there.bus.connections("scope") == 3)


async def test_a_failing_callback_does_not_stop_the_others(
    own_server: RedisServer, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    here = await watch()

    def fail(*args: object) -> None:
        raise RuntimeError("meant to")

    here.bus._restored.insert(0, fail)
    await here.bus.subscribe("bad", fail)
    here.bus.submit((), Publication("bad", b"x"), fail)
    kill_connections(own_server)
    await until(lambda: here.restored == 1)
    assert isinstance(await say(here, "x"), Admitted)
    assert "meant to" in caplog.text


async def test_nobody_there_to_begin_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.bus.valkey.OPEN_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(BusUnavailable):
        await ValkeyBus.open(f"redis://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n+OK\r\n+OK\r\n", b"-NOAUTH no\r\n", b""],
)
async def test_somebody_else_there(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.bus.valkey.OPEN_SECONDS", 0.1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(BusUnavailable):
        await ValkeyBus.open(f"redis://127.0.0.1:{port}")
    server.close()
    await server.wait_closed()


async def test_password_and_database(tmp_path: Path, own_server: RedisServer) -> None:
    assert command(own_server, "CONFIG SET requirepass secret") == b"+OK\r\n"
    bus = await ValkeyBus.open(f"redis://:secret@127.0.0.1:{own_server.port}/3")
    other = await ValkeyBus.open(f"redis://default:secret@127.0.0.1:{own_server.port}/4")
    heard: list[Delivery] = []
    await other.subscribe("room", heard.append)
    assert await bus.spend("token", 60)
    assert await other.spend("token", 60)
    await submit(bus, publication=Publication("room", b"x"))
    await submit(other)
    assert heard == []
    await bus.close()
    await other.close()


async def test_a_unix_socket(tmp_path: Path, redis_url: str) -> None:
    port = Address.parse(redis_url).port
    flows: list[asyncio.Task[None]] = []

    async def flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        flows.append(asyncio.ensure_future(flow(reader, far_writer)))
        flows.append(asyncio.ensure_future(flow(far_reader, writer)))

    async with await asyncio.start_unix_server(forward, tmp_path / "socket"):
        bus = await open_bus(f"unix://{tmp_path}/socket", tmp_path)
        assert await bus.spend("token", 60)
        assert not await bus.spend("token", 60)
        await bus.close()
        await asyncio.gather(*flows)


async def test_without_a_url_the_bus_is_in_the_process(tmp_path: Path) -> None:
    bus = await open_bus("", tmp_path)
    assert isinstance(bus, MemoryBus)
    await bus.close()
