"""SIGKILL at random moments under a load of creates and updates: nothing acknowledged is lost."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest

from tests.clients.observed import tracebacks
from tests.scenarios.ledger import Bookkeeper, Unexpected
from tests.server import Server, running_server

BOOKKEEPERS = 4


def kill_and_audit(server: Server, kills: int, seed: int) -> tuple[int, int]:
    """Acknowledged operations, and kills that hit an operation which was done all the same."""
    chance = random.Random(seed)
    keepers = [Bookkeeper(server, f"region-{n}", seed + n) for n in range(BOOKKEEPERS)]
    finished = 0
    for _ in range(kills):
        failures: list[BaseException] = []

        def run(keeper: Bookkeeper, failures: list[BaseException] = failures) -> None:
            try:
                keeper.work()
            except Unexpected as failure:
                failures.append(failure)

        threads = [threading.Thread(target=run, args=(keeper,)) for keeper in keepers]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.005, 0.3))
        server.kill()
        for thread in threads:
            thread.join(30)
        assert not failures
        server.start()
        for keeper in keepers:
            before = keeper.promised
            keeper.audit()
            finished += keeper.promised is not before
        assert tracebacks(server) == []
    for keeper in keepers:
        keeper.plane.close()
    return sum(keeper.acknowledged for keeper in keepers), finished


def test_a_few_kills(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        acknowledged, _ = kill_and_audit(server, kills=5, seed=1)
    assert acknowledged > 20


@pytest.mark.long
def test_200_kills(tmp_path: Path) -> None:
    began = time.monotonic()
    with running_server(tmp_path) as server:
        acknowledged, finished = kill_and_audit(server, kills=200, seed=7)
    seconds = time.monotonic() - began
    print(
        f"\nkill -9: 200 kills in {seconds:.0f} s, {acknowledged} operations acknowledged,"
        f" none lost; {finished} unacknowledged ones done in full"
    )
