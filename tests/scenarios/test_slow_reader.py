"""A member who does not read is closed with 1013; the others lose nothing and do not wait."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.clients.observed import metric, tracebacks
from tests.clients.world import World
from tests.scenarios.crowd import Crowd
from tests.server import running_server

CONNECTIONS = "ivschat_concurrent_chat_connections"
LIMITS = {
    "HUBBUB_LIMITS_CONNECTION_REQUESTS_PER_SECOND": "0",
    "HUBBUB_LIMITS_ROOM_MESSAGES_PER_SECOND": "0",
    "HUBBUB_LIMITS_MESSAGES_PER_SECOND": "0",
}


async def test_a_slow_reader(tmp_path: Path) -> None:
    with running_server(tmp_path, environment=LIMITS) as server, World(server) as world:
        room = world.room()
        async with (
            Crowd(world, room, 5) as crowd,
            world.chatter(room, "slow", max_queue=1) as slow,
        ):
            transport = slow.connection.transport
            transport.pause_reading()
            padding = {"padding": "x" * 1_000}
            number = 0
            while await asyncio.to_thread(metric, server, CONNECTIONS) == 6:
                for _ in range(500):
                    member = crowd.members[number % 5]
                    number += 1
                    crowd.sent.append(f"{number} 0")
                    await member.socket.say(f"{number} 0", Attributes=padding)
                await crowd.settled()
                assert number < 100_000
            crowd.check()
            transport.resume_reading()
            frames, code = await slow.closing()
            assert code == 1013
            # Up to there it got everything, in order and without a gap.
            read = [frame["Content"] for frame in frames]
            assert read == crowd.members[0].messages[: len(read)]
            print(f"\nslow reader: closed after {number} messages of 1.2 KB, {len(read)} read")
        assert server.stop() == 0
        assert tracebacks(server) == []
