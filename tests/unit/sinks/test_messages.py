"""SNS, SQS and EventBridge over HTTP, webhooks, and files in their place."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3.session
import orjson
import pytest
from prometheus_client import REGISTRY

from hubbub.settings import SettingsError, SinkSettings
from hubbub.sinks.contract import Destination, Record
from hubbub.sinks.messages import eventbridge_delivery
from hubbub.sinks.places import deliveries
from tests.unit.sinks.stage import LAYOUTS, START, Stage, until

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

REGION: Final = "eu-west-1"
ACCOUNT = "123456789012"
EVENTS = Destination("events", "default", REGION, ACCOUNT, "events")


def event(number: int) -> dict[str, Any]:
    return {
        "version": "0",
        "source": "aws.chime",
        "detail-type": "Chime Meeting State Change",
        "time": "2026-05-04T08:23:20Z",
        "detail": {"number": number},
    }


def record(number: int) -> Record:
    return Record("meetings", "meeting-1", START + number, orjson.dumps(event(number)))


def topic(arn: str) -> Destination:
    return Destination("sns", arn, REGION, ACCOUNT, arn)


@pytest.fixture
def session() -> boto3.session.Session:
    return boto3.session.Session(region_name=REGION)


@pytest.fixture
def sqs(session: boto3.session.Session, moto_url: str) -> Iterator[SQSClient]:
    client = session.client("sqs", endpoint_url=moto_url)
    yield client
    client.close()


@pytest.fixture
def sns(session: boto3.session.Session, moto_url: str) -> Iterator[SNSClient]:
    client = session.client("sns", endpoint_url=moto_url)
    yield client
    client.close()


async def ship_after_failures(stage: Stage) -> None:
    """Let all waits of retries pass."""
    for _ in range(1_000):
        await stage.pass_time(60)
        if not stage.segments():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("records are left")


def make_queue(sqs: SQSClient) -> tuple[str, str]:
    """URL and ARN."""
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, attributes["Attributes"]["QueueArn"]


def received(sqs: SQSClient, url: str) -> list[Any]:
    """What is in the queue, which it leaves."""
    bodies: list[Any] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            bodies.append(orjson.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


async def test_a_queue_gets_every_event_at_once(
    stage: Stage, sqs: SQSClient, moto_url: str
) -> None:
    url, arn = make_queue(sqs)
    sinks = stage.open(SinkSettings(sqs=moto_url))
    for number in range(25):  # more than fit into one call
        sinks.write(Destination("sqs", arn, REGION, ACCOUNT, arn), record(number))
    await stage.ship(0)
    assert sorted(each["detail"]["number"] for each in received(sqs, url)) == list(range(25))


async def test_a_topic_hands_events_on(
    stage: Stage, sns: SNSClient, sqs: SQSClient, moto_url: str
) -> None:
    url, queue = make_queue(sqs)
    arn = sns.create_topic(Name="meetings")["TopicArn"]
    sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=queue,
        Attributes={"RawMessageDelivery": "true"},
    )
    stage.open(SinkSettings(sns=moto_url)).write(topic(arn), record(7))
    await stage.ship(0)
    assert received(sqs, url) == [event(7)]


async def test_records_of_a_topic_that_is_not_there_wait(
    stage: Stage, sns: SNSClient, moto_url: str
) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:late"
    stage.open(SinkSettings(sns=moto_url)).write(topic(arn), record(1))
    await stage.pass_time(0)
    await until(lambda: REGISTRY.get_sample_value(*_errors(arn)))
    assert stage.spooled
    sns.create_topic(Name="late")
    await ship_after_failures(stage)


def _errors(source: str) -> tuple[str, dict[str, str]]:
    return "ivschat_log_destination_errors_total", {"LoggingConfiguration": source}


async def test_what_is_refused_is_sent_again_alone(stage: Stage) -> None:
    @dataclass
    class Client:
        sent: list[list[str]] = field(default_factory=list)

        def get(self, service: str, region: str) -> Client:
            assert (service, region) == ("events", REGION)
            return self

        def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
            first = not self.sent
            self.sent.append([entry["Detail"] for entry in Entries])
            codes = [{"ErrorCode": "Throttled"} if first and n == 1 else {} for n in range(3)]
            return {"Entries": codes[: len(Entries)]}

        def close(self) -> None: ...

    client: Any = Client()
    sinks: Any = stage.open(SinkSettings())
    route = sinks._routes["events"]
    sinks._routes = {"events": type(route)(eventbridge_delivery(client), route.pace)}
    for number in range(3):
        sinks.write(EVENTS, record(number))
    await ship_after_failures(stage)
    assert client.sent == [
        ['{"number":0}', '{"number":1}', '{"number":2}'],
        ['{"number":1}'],
    ]


async def test_eventbridge_gets_events_under_a_source_of_ours(
    session: boto3.session.Session, sqs: SQSClient, moto_url: str
) -> None:
    bridge: EventBridgeClient = session.client("events", endpoint_url=moto_url)
    url, queue = make_queue(sqs)
    bridge.put_rule(Name="chime", EventPattern='{"source": ["hubbub.chime"]}')
    bridge.put_targets(Rule="chime", Targets=[{"Id": "queue", "Arn": queue}])

    class Clients:
        def get(self, service: str, region: str) -> EventBridgeClient:
            return bridge

    clients: Any = Clients()
    put = eventbridge_delivery(clients)._put
    assert put(clients, EVENTS, [record(3).line]) == []
    (told,) = received(sqs, url)
    assert told["source"] == "hubbub.chime"
    assert told["detail-type"] == "Chime Meeting State Change"
    assert told["detail"] == {"number": 3}
    bridge.close()


@dataclass
class Hook:
    """A webhook that answers with the statuses it is given, then with 204."""

    statuses: list[int] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            hook.told.append((self.headers["content-type"], orjson.loads(body)))
            self.send_response(hook.statuses.pop(0) if hook.statuses else 204)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_port}/events"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield hook
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_webhook_gets_each_event_in_order(stage: Stage, hook: Hook) -> None:
    sinks = stage.open(SinkSettings(events=hook.url))
    for number in range(3):
        sinks.write(EVENTS, record(number))
    await stage.ship(0)
    assert hook.told == [("application/json", event(number)) for number in range(3)]


async def test_a_webhook_that_fails_is_tried_again(stage: Stage, hook: Hook) -> None:
    hook.statuses = [204, 503, 429, 302]
    sinks = stage.open(SinkSettings(events=hook.url))
    for number in range(2):
        sinks.write(EVENTS, record(number))
    await stage.pass_time(0)
    await ship_after_failures(stage)
    assert [body["detail"]["number"] for _, body in hook.told] == [0, 1, 1, 1, 1]


async def test_what_a_webhook_refuses_for_good_is_dropped(stage: Stage, hook: Hook) -> None:
    hook.statuses = [400]
    sinks = stage.open(SinkSettings(events=hook.url))
    for number in range(2):
        sinks.write(EVENTS, record(number))
    await stage.ship(0)
    assert [body["detail"]["number"] for _, body in hook.told] == [0, 1]


async def test_files_in_their_place(stage: Stage, tmp_path: Path) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:meetings"
    sinks = stage.open(SinkSettings(events=f"file:{tmp_path}/told"))
    sinks.write(EVENTS, record(1))
    sinks.write(topic(arn), record(2))
    await stage.ship(0)
    assert (tmp_path / "told" / "default.log").read_bytes() == record(1).line + b"\n"
    assert (tmp_path / "data" / "logs" / f"{arn}.log").read_bytes() == record(2).line + b"\n"


@pytest.mark.parametrize("value", ["http://user:word@127.0.0.1/x", "ftp://127.0.0.1", "file:x"])
def test_settings_that_cannot_be_used(tmp_path: Path, value: str) -> None:
    for name in ("sns", "sqs", "events"):
        changed: dict[str, Any] = {name: value}
        settings = SinkSettings(**changed)
        with pytest.raises(SettingsError, match=f"sinks.{name}"):
            deliveries(settings, tmp_path, LAYOUTS)


def test_aws_is_eventbridge(tmp_path: Path) -> None:
    made = deliveries(SinkSettings(events="aws"), tmp_path, LAYOUTS)["events"]
    assert type(made).__name__ == "ParcelDelivery"
    made.close()
