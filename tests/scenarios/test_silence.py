"""Peers that say nothing: those who answer pings stay, the others are dropped (spec 6.7)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.clients.observed import metric
from tests.clients.world import World
from tests.server import running_server

CONNECTIONS = "ivschat_concurrent_chat_connections"


@pytest.mark.long
async def test_a_cut_cable_is_noticed_and_patience_is_not_punished(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, World(server) as world:
        room = world.room()
        async with (
            world.chatter(room, "patient", ping_interval=None) as patient,
            world.chatter(room, "cut", ping_interval=None) as cut,
        ):
            # It stays connected and reads nothing: no pong ever leaves it.
            cut.connection.transport.pause_reading()
            began = time.monotonic()
            async with asyncio.timeout(110):
                while await asyncio.to_thread(metric, server, CONNECTIONS) == 2:  # noqa: ASYNC110
                    await asyncio.sleep(1)
            silent = time.monotonic() - began
            print(f"\na silent peer was dropped after {silent:.0f} s")
            assert 85 < silent < 100
            await patient.say("still here")
            assert (await patient.receive())["Content"] == "still here"
