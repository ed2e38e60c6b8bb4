"""Firehose: a record each, with a newline at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.sinks.aws_clients import AwsClients
from hubbub.sinks.contract import Destination
from hubbub.sinks.parcels import ParcelDelivery

if TYPE_CHECKING:
    from types_boto3_firehose import FirehoseClient

# The bounds of PutRecordBatch; 4 MiB hold also in base64, as the records travel
_RECORDS = 500
_BYTES = 3_000_000


def firehose_delivery(clients: AwsClients) -> ParcelDelivery:
    return ParcelDelivery(clients, _put, most_records=_RECORDS, most_bytes=_BYTES)


def _put(
    clients: AwsClients, destination: Destination, lines: list[bytes]
) -> list[tuple[int, str]]:
    client: FirehoseClient = clients.get("firehose", destination.region)
    answer = client.put_record_batch(
        DeliveryStreamName=destination.name, Records=[{"Data": line + b"\n"} for line in lines]
    )
    return [
        (position, one["ErrorCode"])
        for position, one in enumerate(answer["RequestResponses"])
        if one.get("ErrorCode")
    ]
