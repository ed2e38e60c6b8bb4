"""A log destination that is dead or hangs delays nobody, and gets everything once it lives."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.clients.observed import counted, tracebacks
from tests.clients.world import World
from tests.scenarios.crowd import Crowd
from tests.server import Server, running_server
from tests.services.process import free_port

FLOOR = 0.25  # seconds; waiting for a dead destination takes time-outs, which are longer


class Destination:
    """An S3 whose port is silent at first: connections are taken and never answered."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._moto: ThreadedMotoServer | None = None
        self._hole: socket.socket | None = None

    def hang(self) -> None:
        self._hole = socket.create_server(("127.0.0.1", self.port), backlog=64)

    def live(self) -> None:
        if self._hole:
            self._hole.close()
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._moto.start()

    def stop(self) -> None:
        if self._moto:
            self._moto.stop()
        elif self._hole:
            self._hole.close()

    def contents(self, bucket: str) -> list[str]:
        """Contents of all messages in the log, by time."""
        make: Any = boto3.client
        s3 = make(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="moto",
            aws_secret_access_key="moto",
        )
        try:
            if bucket not in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]:
                return []
            records = []
            for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                records += [json.loads(line) for line in gzip.decompress(body).splitlines()]
            records.sort(key=lambda record: record["payload"]["SendTime"])
            return [record["payload"]["Content"] for record in records]
        finally:
            s3.close()


@pytest.fixture
def destination() -> Iterator[Destination]:
    destination = Destination()
    yield destination
    destination.stop()


def settings(destination: Destination) -> dict[str, str]:
    return {
        "HUBBUB_SINKS_S3": destination.url,
        "HUBBUB_SINKS_S3_INTERVAL_SECONDS": "1",
        "AWS_ACCESS_KEY_ID": "moto",
        "AWS_SECRET_ACCESS_KEY": "moto",
    }


async def arrived(
    destination: Destination, bucket: str, wanted: list[str], seconds: float = 60
) -> list[str]:
    deadline = time.monotonic() + seconds
    while True:
        contents = await asyncio.to_thread(destination.contents, bucket)
        if len(contents) >= len(wanted) or time.monotonic() > deadline:
            return contents
        await asyncio.sleep(0.3)


async def p99_without_log(server: Server) -> float:
    with World(server) as world:
        room = world.room(maximumMessageRatePerSecond=100)
        async with Crowd(world, room, 10) as crowd:
            await crowd.talk(3, 50)
            await crowd.settled()
            return crowd.delay(0.99)


@pytest.mark.parametrize("hangs", [False, True], ids=["refuses", "hangs"])
async def test_a_dead_destination(tmp_path: Path, destination: Destination, hangs: bool) -> None:
    bucket = f"dead-{'hangs' if hangs else 'refuses'}"
    if hangs:
        destination.hang()
    with running_server(tmp_path, environment=settings(destination)) as server:
        quiet = await p99_without_log(server)
        with World(server) as world:
            log = world.ivschat.create_logging_configuration(
                destinationConfiguration={"s3": {"bucketName": bucket}}
            )["arn"]
            room = world.room(
                maximumMessageRatePerSecond=100, loggingConfigurationIdentifiers=[log]
            )
            async with Crowd(world, room, 10) as crowd:
                await crowd.talk(4, 50)
                await crowd.settled()
                crowd.check()
                p99 = crowd.delay(0.99)
                print(
                    f"\np99: {quiet * 1000:.1f} ms without log, {p99 * 1000:.1f} ms with a dead one"
                )
                assert p99 < max(3 * quiet, FLOOR)
                if not hangs:
                    failures = "ivschat_log_destination_errors_total"
                    label = f'{{LoggingConfiguration="{log}"}}'
                    await counted(server, failures, label)
                before = list(crowd.sent)
            # Not even a crash loses what has been said.
            await asyncio.sleep(1)
            server.kill()
        server.start()
        destination.live()
        contents = await arrived(destination, bucket, before)
        # After a crash a batch may be delivered again, but none is lost.
        assert sorted(set(contents)) == sorted(before)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10
        assert tracebacks(server) == []
