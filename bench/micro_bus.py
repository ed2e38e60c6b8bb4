"""The bus alone: submissions and deliveries a second, closed loop with W outstanding.

python bench/micro_bus.py memory 8
python bench/micro_bus.py redis://127.0.0.1:6379 64
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from hubbub.bus import Admitted, Delivery, Limit, Outcome, Publication, open_bus

SECONDS = 3.0
LIMITS = (Limit("room", 100_000_000), Limit("account", 100_000_000))
PUBLICATION = Publication("room", b"h" * 150, b"t" * 40, "SEND_MESSAGE")


async def run(url: str, outstanding: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        bus = await open_bus("" if url == "memory" else url, Path(directory))
        delivered = admitted = 0
        over = asyncio.Event()
        end = time.perf_counter() + SECONDS

        def receive(delivery: Delivery) -> None:
            nonlocal delivered
            delivered += 1

        def done(outcome: Outcome) -> None:
            nonlocal admitted
            assert isinstance(outcome, Admitted)
            admitted += 1
            if time.perf_counter() >= end:
                over.set()
            elif url != "memory":
                bus.submit(LIMITS, PUBLICATION, done)

        await bus.subscribe("room", receive)
        cpu, wall = time.process_time(), time.perf_counter()
        if url == "memory":
            while not over.is_set():
                bus.submit(LIMITS, PUBLICATION, done)
        else:
            for _ in range(outstanding):
                bus.submit(LIMITS, PUBLICATION, done)
            await over.wait()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(
            f"W={outstanding}: {admitted / wall:,.0f} admitted/s, {delivered / wall:,.0f} "
            f"delivered/s, {cpu / admitted * 1e6:.1f} µs of CPU each"
        )
        await asyncio.sleep(0.1)
        await bus.close()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], int(sys.argv[2])))
