"""What is particular to the bus of one process: it answers at once, and its tokens outlive it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hubbub.bus import Admitted, BusUnavailable, Delivery, Limit, Outcome, Publication, Refused
from hubbub.bus.journal import SEGMENT_SECONDS
from hubbub.bus.memory import MemoryBus

SECOND = 1_000_000_000


class Clock:
    """Wall and monotonic time in nanoseconds, as the test says."""

    def __init__(self) -> None:
        self.wall = 1_777_882_880_754_555_999
        self.monotonic = 5 * SECOND

    def forward(self, seconds: float) -> None:
        self.wall += int(seconds * SECOND)
        self.monotonic += int(seconds * SECOND)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bus(tmp_path: Path, clock: Clock) -> MemoryBus:
    return open_bus(tmp_path, clock)


def open_bus(directory: Path, clock: Clock) -> MemoryBus:
    return MemoryBus(directory, time_ns=lambda: clock.wall, monotonic_ns=lambda: clock.monotonic)


async def test_subscribers_hear_before_the_submitter_and_both_at_once(bus: MemoryBus) -> None:
    heard: list[object] = []
    await bus.subscribe("room", heard.append)
    bus.submit((), Publication("room", b'{"t":"', b'"}', "x"), heard.append)
    payload = b'{"t":"2026-05-04T08:21:20.754555Z"}'
    assert heard == [
        Delivery("room", payload, "x"),
        Admitted(1_777_882_880_754_555, payload),
    ]


async def test_time_strictly_increases_though_the_clock_stands_or_goes_back(
    bus: MemoryBus, clock: Clock
) -> None:
    outcomes: list[Outcome] = []
    for step in (0, 0, -3600, 0, 7200):
        clock.wall += step * SECOND
        bus.submit((), None, outcomes.append)
    moments = [outcome.at for outcome in outcomes if isinstance(outcome, Admitted)]
    first = moments[0]
    assert moments == [first, first + 1, first + 2, first + 3, first + 3_600_000_000]


async def test_limits_are_measured_by_a_clock_that_never_goes_back(
    bus: MemoryBus, clock: Clock
) -> None:
    outcomes: list[Outcome] = []
    limit = Limit("room", 1)

    def submit() -> Outcome:
        bus.submit([limit], None, outcomes.append)
        return outcomes[-1]

    assert isinstance(submit(), Admitted)
    clock.wall -= 3_600 * SECOND
    clock.monotonic += SECOND - 1_000
    assert submit() == Refused(limit)
    clock.monotonic += 1_000
    assert isinstance(submit(), Admitted)


async def test_a_spent_token_is_forgotten_when_it_has_expired(tmp_path: Path, clock: Clock) -> None:
    bus = open_bus(tmp_path, clock)
    assert await bus.spend("token", 60)
    clock.forward(59)
    assert not await bus.spend("token", 60)
    clock.forward(1)
    assert await bus.spend("token", 60)
    await bus.close()


async def test_spent_tokens_are_known_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    bus = open_bus(tmp_path, clock)
    assert await bus.spend("kept", 60)
    assert await bus.spend("given back", 60)
    await bus.unspend("given back")
    assert await bus.spend("given back and spent again", 60)
    await bus.unspend("given back and spent again")
    assert await bus.spend("given back and spent again", 60)
    assert await bus.spend("brief", 5)
    await bus.close()
    clock.forward(10)
    bus = open_bus(tmp_path, clock)
    assert not await bus.spend("kept", 60)
    assert await bus.spend("given back", 60)
    assert not await bus.spend("given back and spent again", 60)
    assert await bus.spend("brief", 60)
    await bus.close()


async def test_memory_and_disk_follow_the_tokens_alive(tmp_path: Path, clock: Clock) -> None:
    bus = open_bus(tmp_path, clock)
    for number in range(2_000):
        assert await bus.spend(f"token {number}", 60)
        clock.forward(1)
    assert len(bus._spent) < 200
    files = list((tmp_path / "tokens").iterdir())
    assert len(files) <= 4
    assert sum(path.stat().st_size for path in files) < 20_000
    await bus.close()
    clock.forward(3 * SEGMENT_SECONDS)
    bus = open_bus(tmp_path, clock)
    assert list((tmp_path / "tokens").iterdir()) == []
    assert len(bus._spent) == 0
    await bus.close()


@pytest.mark.parametrize(
    "rest", [b"+ 17", b"+ 1777999999.000 6", b"nonsense\n", b"\xff\xfe\n", b"- zz\n", b"+ x 61\n"]
)
async def test_a_record_that_was_cut_off_harms_no_other(
    tmp_path: Path, clock: Clock, rest: bytes
) -> None:
    bus = open_bus(tmp_path, clock)
    assert await bus.spend("kept", 60)
    await bus.close()
    [segment] = (tmp_path / "tokens").iterdir()
    segment.write_bytes(segment.read_bytes() + rest)
    bus = open_bus(tmp_path, clock)
    assert not await bus.spend("kept", 60)
    assert await bus.spend("next", 60)
    await bus.close()


async def test_a_full_disk_spends_nothing_and_heals(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = open_bus(tmp_path, clock)
    assert await bus.spend("before", 60)
    write = os.write

    def cut(fd: int, data: bytes) -> int:
        return write(fd, data[:5])

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    for broken in (cut, full):
        monkeypatch.setattr("hubbub.bus.journal.os.write", broken)
        with pytest.raises(BusUnavailable):
            await bus.spend("token", 60)
    monkeypatch.setattr("hubbub.bus.journal.os.write", write)
    assert await bus.spend("token", 60)
    await bus.close()
    bus = open_bus(tmp_path, clock)
    assert not await bus.spend("before", 60)
    assert not await bus.spend("token", 60)
    await bus.close()


SPEND_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
from hubbub.bus.memory import MemoryBus

async def main():
    bus = MemoryBus(Path(sys.argv[1]))
    number = 0
    while True:
        assert await bus.spend(f"token {number}", 600)
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
        number += 1

asyncio.run(main())
"""


def spend_until_killed(directory: Path) -> int:
    """How many spent tokens the killed process had told of."""
    with subprocess.Popen(
        [sys.executable, "-c", SPEND_UNTIL_KILLED, str(directory)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        told = b"".join(process.stdout.readline() for _ in range(300))
        process.send_signal(signal.SIGKILL)
        told += process.stdout.read()
    return told.count(b"\n")


async def test_what_was_spent_stays_spent_though_the_process_is_killed(tmp_path: Path) -> None:
    acknowledged = spend_until_killed(tmp_path)
    bus = MemoryBus(tmp_path)
    assert acknowledged >= 300
    for number in range(acknowledged):
        assert not await bus.spend(f"token {number}", 600)
    await bus.close()
