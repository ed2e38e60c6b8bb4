"""SIGTERM under load: 1012 for the sockets, answers for the requests, status 0, soon."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from pathlib import Path

from tests.clients.observed import tracebacks
from tests.clients.world import World
from tests.scenarios.crowd import Crowd
from tests.scenarios.ledger import Bookkeeper, Unexpected
from tests.server import running_server


async def test_sigterm_under_load(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, World(server) as world:
        room = world.room(maximumMessageRatePerSecond=100)
        keepers = [Bookkeeper(server, f"region-{n}", n) for n in range(3)]
        failures: list[BaseException] = []

        def work(keeper: Bookkeeper) -> None:
            try:
                keeper.work()
            except Unexpected as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(keeper,)) for keeper in keepers]
        for thread in threads:
            thread.start()
        async with Crowd(world, room, 20) as crowd:
            talking = asyncio.create_task(crowd.talk(3, 50))
            await asyncio.sleep(1.5)
            server.signal(signal.SIGTERM)
            began = time.monotonic()
            status = await asyncio.to_thread(server.wait)
            seconds = time.monotonic() - began
            await asyncio.gather(talking, return_exceptions=True)
            await crowd.ended()
            assert {member.closed for member in crowd.members} == {1012}
            longest = max((member.ids for member in crowd.members), key=len)
            for member in crowd.members:
                assert member.errors == []
                assert member.ids == longest[: len(member.ids)]
                assert len(member.ids) >= len(longest) - 1
        for thread in threads:
            await asyncio.to_thread(thread.join, 20)
        assert status == 0
        assert seconds < 8
        assert not failures
        assert tracebacks(server) == []
        print(f"\ndrained under load in {seconds:.2f} s")
        server.kill()  # its pipe
        server.start()
        for keeper in keepers:
            keeper.audit()
            keeper.plane.close()
        assert server.stop() == 0
