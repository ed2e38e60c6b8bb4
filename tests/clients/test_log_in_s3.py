"""The log of a room landing in S3, CloudWatch Logs and Firehose: real APIs, served by moto."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.clients.world import ALL, World
from tests.server import Server, running_server

KEY = re.compile(
    r"AWSLogs/000000000000/IVSChatLogs/1\.0/us-east-1/room_(?P<room>\w{12})/"
    r"(?P<day>\d{4}/\d\d/\d\d)/(?P<hour>\d\d)/"
    r"000000000000_IVSChatLogs_1\.0_us-east-1_room_(?P=room)_\d{8}T\d{4}Z_[0-9a-f]{8}\.log\.gz"
)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """URL of a moto server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def logged(aws: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {
        "HUBBUB_SINKS_S3": aws,
        "HUBBUB_SINKS_CLOUDWATCH_LOGS": aws,
        "HUBBUB_SINKS_FIREHOSE": aws,
        "HUBBUB_SINKS_S3_INTERVAL_SECONDS": "1",
        "HUBBUB_SINKS_INTERVAL_SECONDS": "1",
        "AWS_ACCESS_KEY_ID": "moto",
        "AWS_SECRET_ACCESS_KEY": "moto",
    }
    with running_server(tmp_path_factory.mktemp("logged"), environment=environment) as server:
        yield server


def client_of(aws: str, service: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=aws,
        region_name="us-east-1",
        aws_access_key_id="moto",
        aws_secret_access_key="moto",
    )


def eventually(attempt: Callable[[], Any], seconds: float = 20) -> Any:
    """The first answer that is not empty."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = attempt()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"nothing within {seconds} s")


async def talk(world: World, room: str) -> list[dict[str, Any]]:
    """One of each kind of frame; those that belong into the log."""
    async with world.chatter(room, "kim", ALL, attributes={"name": "Kim"}) as kim:
        message = await kim.ask(
            {"Action": "SEND_MESSAGE", "Content": "Grüezi 🦀", "Attributes": {"a": "b"}}
        )
        error = await kim.ask({"Action": "SEND_MESSAGE", "Content": ""})
        assert error["Type"] == "ERROR"
        deleted = await kim.ask({"Action": "DELETE_MESSAGE", "Id": message["Id"]})
        world.ivschat.send_event(roomIdentifier=room, eventName="x", attributes={"k": "v"})
        event = await kim.receive()
        world.ivschat.disconnect_user(roomIdentifier=room, userId="nobody")
        gone = await kim.receive()
    return [message, deleted, event, gone]


def check(records: list[Any], frames: list[dict[str, Any]]) -> None:
    assert [record["payload"] for record in records] == frames
    for record in records:
        assert set(record) == {"event_timestamp", "type", "payload", "version"}
        assert record["version"] == "1.0"
        assert record["type"] == record["payload"]["Type"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["event_timestamp"])


async def test_s3(logged: Server, aws: str) -> None:
    with World(logged) as world:
        log = world.ivschat.create_logging_configuration(
            destinationConfiguration={"s3": {"bucketName": "chat-log"}}
        )["arn"]
        room = world.room(loggingConfigurationIdentifiers=[log])
        frames = await talk(world, room)
    s3 = client_of(aws, "s3")

    def records() -> list[Any]:
        if "chat-log" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
            return []
        lines: list[Any] = []
        for entry in s3.list_objects_v2(Bucket="chat-log").get("Contents", []):
            named = KEY.fullmatch(entry["Key"])
            assert named, entry["Key"]
            assert named["room"] == room[-12:]
            data = gzip.decompress(
                s3.get_object(Bucket="chat-log", Key=entry["Key"])["Body"].read()
            )
            assert data.endswith(b"\n")
            lines += [json.loads(line) for line in data.splitlines()]
        return lines if len(lines) == len(frames) else []

    check(sorted(eventually(records), key=lambda record: record["payload"]["SendTime"]), frames)
    s3.close()


async def test_cloudwatch_logs(logged: Server, aws: str) -> None:
    logs = client_of(aws, "logs")
    logs.create_log_group(logGroupName="/chat")
    with World(logged) as world:
        log = world.ivschat.create_logging_configuration(
            destinationConfiguration={"cloudWatchLogs": {"logGroupName": "/chat"}}
        )["arn"]
        room = world.room(loggingConfigurationIdentifiers=[log])
        frames = await talk(world, room)
    stream = f"aws/IVSChatLogs/1.0/room_{room[-12:]}"

    def records() -> list[Any]:
        streams = logs.describe_log_streams(logGroupName="/chat")["logStreams"]
        if stream not in [entry["logStreamName"] for entry in streams]:
            return []
        answer = logs.get_log_events(logGroupName="/chat", logStreamName=stream, startFromHead=True)
        lines = [json.loads(event["message"]) for event in answer["events"]]
        return lines if len(lines) == len(frames) else []

    check(eventually(records), frames)
    logs.close()


async def test_a_room_with_three_destinations_of_which_one_is_missing(
    logged: Server, aws: str
) -> None:
    """The others get everything; nobody in the room notices."""
    s3 = client_of(aws, "s3")
    with World(logged) as world:
        destinations: list[Any] = [
            {"s3": {"bucketName": "one-of-three"}},
            {"firehose": {"deliveryStreamName": "not-there"}},
            {"s3": {"bucketName": "three-of-three"}},
        ]
        room = world.room(
            loggingConfigurationIdentifiers=[
                world.ivschat.create_logging_configuration(destinationConfiguration=each)["arn"]
                for each in destinations
            ]
        )
        frames = await talk(world, room)

    def lines(bucket: str) -> int:
        if bucket not in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]:
            return 0
        return sum(
            len(
                gzip.decompress(
                    s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                ).splitlines()
            )
            for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        )

    def complete(bucket: str) -> bool:
        return lines(bucket) == len(frames)

    for bucket in ("one-of-three", "three-of-three"):
        eventually(partial(complete, bucket))
    s3.close()
