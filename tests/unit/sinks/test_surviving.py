"""What a dead process and a dead destination cost: no record."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3.session
import pytest
from prometheus_client import REGISTRY

from hubbub.settings import SinkSettings
from tests.services.process import free_port
from tests.unit.sinks.conftest import moto_server
from tests.unit.sinks.firehose_endpoint import firehose_endpoint
from tests.unit.sinks.stage import Stage, destination, numbers, record, until
from tests.unit.sinks.test_aws import REGION, objects

CHAT = destination("firehose", "chat")
WRITER = "tests.unit.sinks.writer_process"
DENIED = "ivschat_log_destination_access_denied_error_total"
MISSING = "ivschat_log_destination_resource_not_found_errors_total"


def write_until_killed(data_dir: Path, endpoint: str, first: int, seconds: float) -> list[int]:
    """The numbers whose write() had returned."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.unit.sinks.writer_process",
            str(data_dir),
            endpoint,
            str(first),
        ],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout as output:
        head = output.readline()
        deadline = time.monotonic() + seconds
        lines = [head]
        while time.monotonic() < deadline:
            lines.append(output.readline())
        process.send_signal(signal.SIGKILL)
        lines += output.readlines()
    assert process.wait() == -signal.SIGKILL
    return [int(line) for line in lines if line.endswith(b"\n")]


async def test_records_written_before_a_sigkill_arrive_after_the_next_start(stage: Stage) -> None:
    written: list[int] = []
    chance = random.Random(1)
    with firehose_endpoint() as endpoint:
        for _ in range(3):
            first = written[-1] + 1 if written else 0
            written += await asyncio.to_thread(
                write_until_killed, stage.data_dir, endpoint.url, first, chance.uniform(0.05, 0.3)
            )
        assert len(written) > 100
        assert stage.segments()
        stage.open(SinkSettings(firehose=endpoint.url))
        await until(lambda: not stage.segments())
        assert set(written) <= set(numbers(endpoint.taken_lines))
        assert len(list((stage.data_dir / "spool").iterdir())) == 3  # ours, its lock, the lock


async def test_a_destination_that_comes_back_gets_everything(stage: Stage) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    sinks = stage.open(SinkSettings(s3=url))
    for number in range(3):
        sinks.write(destination(region=REGION), record(number))
    await stage.pass_time(300)
    for attempt in range(4):  # up to 1, 2, 4, 8 seconds apart
        await until(lambda: stage.clock.due_within(60))
        sinks.write(destination(region=REGION), record(10 + attempt))
        await stage.pass_time(2**attempt)
    await until(lambda: stage.clock.due_within(60))
    assert stage.segments()

    with moto_server(port):
        s3 = boto3.session.Session().client("s3", region_name=REGION, endpoint_url=url)
        await stage.ship(60)
        assert list(objects(s3, "chat-logs").values()) == [[0, 1, 2], [10, 11, 12, 13]]
        s3.close()


async def test_refused_records_alone_are_sent_again(stage: Stage) -> None:
    refusals = {7: 2, 613: 1, 1_000: 3}

    def judge(record_: bytes) -> str:
        (number,) = numbers([record_.rstrip(b"\n")])
        if refusals.get(number, 0):
            refusals[number] -= 1
            return "ServiceUnavailableException"
        return ""

    with firehose_endpoint(judge) as endpoint:
        sinks = stage.open(SinkSettings(firehose=endpoint.url))
        for number in range(1_100):
            sinks.write(CHAT, record(number))
        await stage.pass_time(10)
        for _ in range(6):
            await until(lambda: stage.clock.due_within(60) or not stage.segments())
            await stage.pass_time(60)
        await until(lambda: not stage.segments())
        assert sorted(numbers(endpoint.taken_lines)) == list(range(1_100))
        assert endpoint.calls == [500, 1, 1, 500, 1, 100, 1, 1, 1]
        assert all(line.endswith(b"\n") for line in endpoint.taken)


@pytest.mark.parametrize(
    ("status", "error", "metric"),
    [
        (400, "AccessDeniedException", DENIED),
        (403, "SignatureDoesNotMatch", DENIED),
        (
            400,
            "ResourceNotFoundException",
            "ivschat_log_destination_resource_not_found_errors_total",
        ),
        (503, "ServiceUnavailableException", None),
    ],
)
async def test_failures_are_counted_by_kind_and_kept(
    stage: Stage, status: int, error: str, metric: str | None
) -> None:
    place = destination("firehose", f"{error}-{status}")
    labels = {"LoggingConfiguration": place.source}

    def count(name: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    with firehose_endpoint() as endpoint:
        endpoint.status, endpoint.error = status, error
        sinks = stage.open(SinkSettings(firehose=endpoint.url))
        sinks.write(place, record(1))
        await stage.pass_time(10)
        await until(lambda: count("ivschat_log_destination_errors_total") == 1)
        assert stage.segments()
        for name in (DENIED, MISSING):
            assert count(name) == (name == metric)
        endpoint.status = 200
        await until(lambda: stage.clock.due_within(60))
        await stage.ship(1)
        assert numbers(endpoint.taken_lines) == [1]
        assert count("ivschat_log_records_dropped_total") == 0
