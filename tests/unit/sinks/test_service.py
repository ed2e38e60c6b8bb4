"""Writing never waits and never fails; closing keeps what could not be sent."""

from __future__ import annotations

import asyncio
import logging
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from hubbub.settings import SinkSettings
from hubbub.sinks import open_sinks, service
from hubbub.sinks.contract import Destination, Record
from tests.unit.sinks.firehose_endpoint import firehose_endpoint
from tests.unit.sinks.stage import LAYOUTS, START, Stage, destination, numbers, record, until

CHAT = destination("firehose", "chat")


def dropped(place: Destination) -> float:
    labels = {"LoggingConfiguration": place.source}
    return REGISTRY.get_sample_value("ivschat_log_records_dropped_total", labels) or 0.0


async def test_a_destination_that_never_answers_delays_no_write_and_no_other(stage: Stage) -> None:
    with firehose_endpoint() as endpoint:
        endpoint.hold.clear()
        sinks = stage.open(SinkSettings(firehose=endpoint.url))
        sinks.write(CHAT, record(0))
        await stage.pass_time(10)
        await asyncio.to_thread(endpoint.arrived.wait, 10)
        costs = []
        line = b'{"payload":"' + b"x" * 400 + b'"}'
        for number in range(2_000):
            one = Record("plain", "room1", START + number, line)
            begun = time.perf_counter()
            sinks.write(CHAT, one)
            costs.append(time.perf_counter() - begun)
        assert statistics.median(costs) < 100e-6  # about 5 us; the machine may be busy
        sinks.write(destination("cloudWatchLogs", "group"), record(1))
        await stage.pass_time(10)
        await until((stage.data_dir / "logs" / "group" / "streams" / "room1.log").exists)
        endpoint.hold.set()
        await until(lambda: len(endpoint.taken) == 1)
        await stage.ship(10)
        assert len(endpoint.taken) == 2_001


async def test_beyond_the_bound_records_are_dropped_and_counted(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    place = destination("firehose", "bounded")
    sinks = stage.open(SinkSettings(spool_bytes=100_000))
    with caplog.at_level(logging.WARNING, "hubbub.sinks"):
        for number in range(5_000):
            sinks.write(place, record(number))
    assert stage.spooled <= 100_000
    assert len(caplog.messages) <= 13  # powers of two
    lost = dropped(place)
    assert 1_000 < lost < 5_000
    await stage.ship(10)
    path = stage.data_dir / "logs" / "bounded.log"
    assert numbers(path.read_bytes().splitlines()) == list(range(5_000 - int(lost)))
    sinks.write(place, record(9_999))
    assert dropped(place) == lost


async def test_an_over_long_record_is_dropped(stage: Stage) -> None:
    place = destination("firehose", "over-long")
    sinks = stage.open()
    sinks.write(place, Record("plain", "room1", START, b"x" * 1_000_001))
    sinks.write(place, Record("plain", "room1", START, b"x" * 1_000_000))
    assert dropped(place) == 1
    await stage.ship(10)


async def test_a_spool_that_cannot_be_written_fails_no_caller(stage: Stage) -> None:
    place = destination("firehose", "unwritable")
    sinks = stage.open()
    (directory,) = [path for path in (stage.data_dir / "spool").iterdir() if path.is_dir()]
    directory.rmdir()
    sinks.write(place, record(1))
    assert dropped(place) == 1
    directory.mkdir()
    sinks.write(place, record(2))
    await stage.ship(10)
    assert numbers((stage.data_dir / "logs" / "unwritable.log").read_bytes().splitlines()) == [2]


async def test_close_sends_what_is_there(stage: Stage) -> None:
    sinks = stage.open()
    sinks.write(destination(), record(1))
    sinks.write(CHAT, record(2))
    await asyncio.sleep(0)
    await sinks.close()
    await sinks.close()
    assert stage.segments() == []
    assert len(list((stage.data_dir / "logs" / "chat-logs").rglob("*.gz"))) == 1
    assert numbers((stage.data_dir / "logs" / "chat.log").read_bytes().splitlines()) == [2]
    assert [path.name for path in (stage.data_dir / "spool").iterdir()] == ["lock"]


async def test_close_keeps_what_a_dead_destination_did_not_take(stage: Stage) -> None:
    sinks = stage.open(SinkSettings(firehose="http://127.0.0.1:1"))
    sinks.write(CHAT, record(1))
    begun = time.monotonic()
    await sinks.close()
    assert time.monotonic() - begun < 3
    assert len(stage.segments()) == 1
    stage.open()
    await until(lambda: not stage.segments())
    assert numbers((stage.data_dir / "logs" / "chat.log").read_bytes().splitlines()) == [1]


async def test_close_does_not_wait_for_a_destination_that_never_answers(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_CLOSE_SECONDS", 0.3)
    with firehose_endpoint() as endpoint:
        endpoint.hold.clear()
        sinks = stage.open(SinkSettings(firehose=endpoint.url))
        sinks.write(CHAT, record(1))
        begun = time.monotonic()
        await sinks.close()
        assert 0.2 < time.monotonic() - begun < 2
        assert len(stage.segments()) == 1


async def test_what_is_written_after_close_is_dropped_and_counted(stage: Stage) -> None:
    place = destination("firehose", "after-close")
    sinks = stage.open()
    await sinks.close()
    sinks.write(place, record(1))
    assert dropped(place) == 1


async def test_records_of_a_worker_that_died_are_adopted_while_running(stage: Stage) -> None:
    stage.open()
    spool = stage.data_dir / "spool"
    (spool / "dead").mkdir()
    source = stage.data_dir / "of-another"
    other = open_sinks(SinkSettings(firehose="http://127.0.0.1:1"), source, LAYOUTS)
    other.write(CHAT, record(1))
    await other.close()
    (segment,) = (source / "spool").glob("*/*.segment")
    segment.rename(spool / "dead" / segment.name)
    (spool / "dead.lock").touch()
    await stage.pass_time(60)
    await until(lambda: not stage.segments())
    assert numbers((stage.data_dir / "logs" / "chat.log").read_bytes().splitlines()) == [1]


async def test_workers_share_the_bound(tmp_path: Path) -> None:
    place = destination("firehose", "shared")
    sinks = open_sinks(SinkSettings(spool_bytes=100_000), tmp_path, LAYOUTS, workers=4)
    for number in range(1_000):
        sinks.write(place, record(number))
    assert Stage(tmp_path).spooled <= 25_000
    assert dropped(place) > 0
    await sinks.close()


async def test_records_of_an_unknown_layout_wait(stage: Stage) -> None:
    sinks = stage.open()
    sinks.write(destination(), Record("later", "room1", START, b"{}"))
    await sinks.close()
    assert len(stage.segments()) == 1


async def test_a_backlog_that_has_grown_goes_before_its_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(service._BATCH_BYTES, "firehose", 10_000)
    sinks = stage.open()
    for number in range(1_000):
        sinks.write(CHAT, record(number))
        await asyncio.sleep(0)
    path = stage.data_dir / "logs" / "chat.log"
    await until(path.exists)
    await until(lambda: stage.spooled < 10_000)
    await stage.ship(10)
    assert numbers(path.read_bytes().splitlines()) == list(range(1_000))


def test_opening_and_writing_files_imports_no_boto(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys, pathlib\n"
        "from hubbub.settings import SinkSettings\n"
        "from hubbub.sinks import open_sinks\n"
        "from tests.unit.sinks.stage import LAYOUTS, destination, record\n"
        "async def main():\n"
        f"    data_dir = pathlib.Path({str(tmp_path)!r})\n"
        "    sinks = open_sinks(SinkSettings(s3='aws'), data_dir, LAYOUTS)\n"
        "    sinks.write(destination('firehose', 'chat'), record(1))\n"
        "    await sinks.close()\n"
        "asyncio.run(main())\n"
        "print([name for name in ('boto3', 'botocore') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
    assert (tmp_path / "logs" / "chat.log").exists()
