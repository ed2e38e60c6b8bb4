"""S3, CloudWatch Logs and Firehose over HTTP, against a server that speaks their APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import boto3.session
import pytest
from prometheus_client import REGISTRY

from hubbub.settings import SinkSettings
from tests.unit.sinks.stage import HOUR, START, Stage, destination, lines_of, numbers, record, until

if TYPE_CHECKING:
    from types_boto3_firehose import FirehoseClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client

REGION: Final = "eu-west-1"


@pytest.fixture
def settings(moto_url: str) -> SinkSettings:
    return SinkSettings(s3=moto_url, cloudwatch_logs=moto_url, firehose=moto_url)


@pytest.fixture
def session() -> boto3.session.Session:
    return boto3.session.Session(region_name=REGION)


@pytest.fixture
def s3(session: boto3.session.Session, moto_url: str) -> Iterator[S3Client]:
    client = session.client("s3", endpoint_url=moto_url)
    yield client
    client.close()


@pytest.fixture
def logs(session: boto3.session.Session, moto_url: str) -> Iterator[CloudWatchLogsClient]:
    client = session.client("logs", endpoint_url=moto_url)
    yield client
    client.close()


@pytest.fixture
def firehose(session: boto3.session.Session, moto_url: str) -> Iterator[FirehoseClient]:
    client = session.client("firehose", endpoint_url=moto_url)
    yield client
    client.close()


def objects(s3: S3Client, bucket: str) -> dict[str, list[int]]:
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        one["Key"]: numbers(lines_of(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()))
        for one in listed
    }


@pytest.mark.parametrize("region", ["us-east-1", REGION])
async def test_s3_objects_in_a_bucket_made_on_first_use(
    stage: Stage, settings: SinkSettings, s3: S3Client, region: str
) -> None:
    sinks = stage.open(settings)
    bucket = destination("s3", f"chat-logs-{region}", region)
    for number in range(6):
        sinks.write(bucket, record(number, f"room{number % 2}"))
    sinks.write(bucket, record(9, "room0", START + HOUR))
    assert s3.list_buckets()["Buckets"] == []
    await stage.ship()
    found = objects(s3, bucket.name)
    assert sorted(found.values()) == [[0, 2, 4], [1, 3, 5], [9]]
    (key,) = [key for key, held in found.items() if held == [9]]
    assert key.startswith(f"objects/room0/{START + HOUR}-")
    assert s3.get_bucket_location(Bucket=bucket.name).get("LocationConstraint") == (
        None if region == "us-east-1" else region
    )
    sinks.write(bucket, record(10))
    await stage.ship()
    assert len(objects(s3, bucket.name)) == 4


async def test_s3_waits_for_its_interval(
    stage: Stage, settings: SinkSettings, s3: S3Client
) -> None:
    sinks = stage.open(settings)
    for number in range(3):
        sinks.write(destination(region=REGION), record(number))
        await stage.pass_time(99)
    assert s3.list_buckets()["Buckets"] == []
    await stage.ship(3)
    assert list(objects(s3, "chat-logs").values()) == [[0, 1, 2]]


async def test_log_events_in_a_group_and_streams_made_on_first_use(
    stage: Stage, settings: SinkSettings, logs: CloudWatchLogsClient
) -> None:
    sinks = stage.open(settings)
    group = destination("cloudWatchLogs", "/aws/chat", REGION)
    now = START
    for turn in range(2):
        for number, at in enumerate([now + 2_000_000, now, now + 1_000_000]):
            sinks.write(group, record(number + 10 * turn, "room1", at))
        sinks.write(group, record(7, "room2", now))
        await stage.ship(10)
    events = logs.get_log_events(
        logGroupName="/aws/chat", logStreamName="streams/room1", startFromHead=True
    )["events"]
    assert [(event["message"], event["timestamp"]) for event in events] == [
        (f'{{"number":{number}}}', (now + later) // 1_000)
        for number, later in [
            (1, 0), (11, 0), (2, 1_000_000), (12, 1_000_000), (0, 2_000_000), (10, 2_000_000)
        ]
    ]  # fmt: skip
    streams = logs.describe_log_streams(logGroupName="/aws/chat")["logStreams"]
    assert sorted(stream["logStreamName"] for stream in streams) == [
        "streams/room1",
        "streams/room2",
    ]


async def test_log_events_beyond_the_bounds_of_a_call(
    stage: Stage, settings: SinkSettings, logs: CloudWatchLogsClient
) -> None:
    """More than 10,000 events of more than 24 hours: moto refuses a call with either."""
    sinks = stage.open(settings)
    group = destination("cloudWatchLogs", "/aws/chat", REGION)
    for number in range(10_050):
        sinks.write(group, record(number, "room1", START + number))
    sinks.write(group, record(20_000, "room1", START + 25 * HOUR))
    await stage.ship(10)
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/aws/chat", logStreamNames=["streams/room1"]
    )
    seen = numbers([event["message"].encode() for page in pages for event in page["events"]])
    assert seen == [*range(10_050), 20_000]


async def test_log_events_too_old_are_counted_and_hold_up_nothing(
    stage: Stage, settings: SinkSettings, logs: CloudWatchLogsClient
) -> None:
    group = destination("cloudWatchLogs", "/aws/old", REGION)
    sinks = stage.open(settings)
    for number in range(3):
        sinks.write(group, record(number, "room1", START - 15 * 24 * HOUR))
    sinks.write(group, record(9, "room1"))
    await stage.ship(10)
    (event,) = logs.get_log_events(logGroupName="/aws/old", logStreamName="streams/room1")["events"]
    assert event["message"] == '{"number":9}'
    labels = {"LoggingConfiguration": group.source}
    assert REGISTRY.get_sample_value("ivschat_log_records_dropped_total", labels) == 3


async def test_firehose_records_end_with_a_newline(
    stage: Stage, settings: SinkSettings, firehose: FirehoseClient, s3: S3Client
) -> None:
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    firehose.create_delivery_stream(
        DeliveryStreamName="chat",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/lake",
            "BucketARN": "arn:aws:s3:::lake",
        },
    )
    sinks = stage.open(settings)
    for number in range(1_201):
        sinks.write(destination("firehose", "chat", REGION), record(number))
    await stage.ship(10)
    contents = s3.list_objects_v2(Bucket="lake")["Contents"]
    assert len(contents) == 3  # moto writes an object for each call
    bodies = [
        s3.get_object(Bucket="lake", Key=one["Key"])["Body"].read()
        for one in sorted(contents, key=lambda one: one["LastModified"])
    ]
    assert sorted(numbers([line for body in bodies for line in body.splitlines()])) == list(
        range(1_201)
    )
    assert all(body.endswith(b"\n") for body in bodies)


async def test_one_destination_missing_does_not_hold_up_the_others(
    stage: Stage, settings: SinkSettings, s3: S3Client, firehose: FirehoseClient
) -> None:
    missing = destination("firehose", "missing", REGION)
    sinks = stage.open(settings)
    sinks.write(missing, record(1))
    sinks.write(destination(region=REGION), record(2))
    await stage.pass_time(300)
    await until(lambda: len(stage.segments()) == 1)
    assert list(objects(s3, "chat-logs").values()) == [[2]]

    def not_found() -> float:
        name = "ivschat_log_destination_resource_not_found_errors_total"
        labels = {"LoggingConfiguration": missing.source}
        return REGISTRY.get_sample_value(name, labels) or 0.0

    await until(lambda: not_found() == 1)
    await stage.pass_time(1)
    await until(lambda: not_found() == 2)
    firehose.create_delivery_stream(
        DeliveryStreamName="missing",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/lake",
            "BucketARN": "arn:aws:s3:::chat-logs",
        },
    )
    await stage.ship(2)
