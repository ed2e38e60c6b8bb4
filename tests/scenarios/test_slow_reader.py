"""A member who does not read is closed with 1013; the others lose nothing and do not wait."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

from tests.clients.observed import metric, tracebacks
from tests.clients.world import World
from tests.scenarios.crowd import Crowd
from tests.server import Server, running_server

CONNECTIONS = "ivschat_concurrent_chat_connections"
LIMITS = {
    "HUBBUB_LIMITS_CONNECTION_REQUESTS_PER_SECOND": "0",
    "HUBBUB_LIMITS_ROOM_MESSAGES_PER_SECOND": "0",
    "HUBBUB_LIMITS_MESSAGES_PER_SECOND": "0",
}
PADDING = {"padding": "x" * 1_000}
ENOUGH = 7_000  # messages of 1.2 KB: more than the queue of 1 MiB and the system's buffers


def small_window(server: Server) -> socket.socket:
    """A connection whose system keeps little for it."""
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    small.connect(("127.0.0.1", server.port))
    small.setblocking(False)
    return small


async def test_a_slow_reader(tmp_path: Path) -> None:
    with running_server(tmp_path, environment=LIMITS) as server, World(server) as world:
        room = world.room()
        options: dict[str, Any] = {"max_queue": 1, "ping_interval": None}
        async with (
            Crowd(world, room, 5) as crowd,
            world.chatter(room, "slow", sock=small_window(server), **options) as slow,
            world.chatter(room, "dead", sock=small_window(server), **options) as dead,
        ):
            for transport in (slow.connection.transport, dead.connection.transport):
                transport.pause_reading()
            for number in range(ENOUGH):
                crowd.sent.append(f"{number} 0")
                await crowd.members[number % 5].socket.say(f"{number} 0", Attributes=PADDING)
                if number % 100 == 99:
                    await crowd.settled()
            crowd.check()

            slow.connection.transport.resume_reading()
            frames, code = await slow.closing()
            assert code == 1013
            # Up to there it got everything, in order and without a gap.
            read = [frame["Content"] for frame in frames]
            assert read == crowd.members[0].messages[: len(read)]
            assert len(read) < ENOUGH
            # Who does not even read its Close is dropped.
            async with asyncio.timeout(15):
                while await asyncio.to_thread(metric, server, CONNECTIONS) > 5:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            dead.connection.transport.resume_reading()
            assert (await dead.closing())[1] == 1006
            print(f"\nslow reader: closed after {len(read)} of {ENOUGH} messages of 1.2 KB")
        assert server.stop() == 0
        assert tracebacks(server) == []
