"""SNS, SQS and EventBridge: each record is a message. SNS and SQS are named by their ARNs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from hubbub.sinks.aws_clients import AwsClients
from hubbub.sinks.contract import Destination
from hubbub.sinks.parcels import ParcelDelivery

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

# The bounds of a call of all three
_RECORDS = 10
_BYTES = 200_000


def sns_delivery(clients: AwsClients) -> ParcelDelivery:
    return ParcelDelivery(clients, _publish, most_records=_RECORDS, most_bytes=_BYTES)


def sqs_delivery(clients: AwsClients) -> ParcelDelivery:
    return ParcelDelivery(clients, _send, most_records=_RECORDS, most_bytes=_BYTES)


def eventbridge_delivery(clients: AwsClients) -> ParcelDelivery:
    """Records are whole events; `Destination.name` is the event bus."""
    return ParcelDelivery(clients, _put_events, most_records=_RECORDS, most_bytes=_BYTES)


def _publish(
    clients: AwsClients, destination: Destination, lines: list[bytes]
) -> list[tuple[int, str]]:
    client: SNSClient = clients.get("sns", destination.region)
    answer = client.publish_batch(
        TopicArn=destination.name,
        PublishBatchRequestEntries=[
            {"Id": str(position), "Message": line.decode()} for position, line in enumerate(lines)
        ],
    )
    return _failed(answer.get("Failed", ()))


def _send(
    clients: AwsClients, destination: Destination, lines: list[bytes]
) -> list[tuple[int, str]]:
    client: SQSClient = clients.get("sqs", destination.region)
    queue = client.get_queue_url(
        QueueName=destination.name.rpartition(":")[2],
        QueueOwnerAWSAccountId=destination.account_id,
    )
    answer = client.send_message_batch(
        QueueUrl=queue["QueueUrl"],
        Entries=[
            {"Id": str(position), "MessageBody": line.decode()}
            for position, line in enumerate(lines)
        ],
    )
    return _failed(answer.get("Failed", ()))


def _failed(entries: Iterable[Mapping[str, Any]]) -> list[tuple[int, str]]:
    return [(int(entry["Id"]), str(entry.get("Code", ""))) for entry in entries]


def _put_events(
    clients: AwsClients, destination: Destination, lines: list[bytes]
) -> list[tuple[int, str]]:
    client: EventBridgeClient = clients.get("events", destination.region)
    events = [orjson.loads(line) for line in lines]
    answer = client.put_events(
        Entries=[
            {
                # AWS keeps sources that begin with "aws." for itself.
                "Source": f"hubbub.{event['source'].removeprefix('aws.')}",
                "DetailType": event["detail-type"],
                "Detail": orjson.dumps(event["detail"]).decode(),
                "Time": event["time"],
                "EventBusName": destination.name,
            }
            for event in events
        ]
    )
    return [
        (position, one["ErrorCode"])
        for position, one in enumerate(answer["Entries"])
        if one.get("ErrorCode")
    ]
