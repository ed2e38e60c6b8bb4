"""Firehose: a record each, with a newline at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hubbub.sinks.aws_clients import AwsClients
from hubbub.sinks.batch import Batch, Entries, Progress
from hubbub.sinks.contract import Destination
from hubbub.sinks.delivery import DeliveryFailed
from hubbub.sinks.spool import Segment

if TYPE_CHECKING:
    from types_boto3_firehose import FirehoseClient

# The bounds of PutRecordBatch; 4 MiB hold also in base64, as the records travel
_RECORDS = 500
_BYTES = 3_000_000


def one_group(layout: str, partition: str, received_at: int) -> None:
    return None


def split_records(entries: Entries) -> Iterator[list[int]]:
    """Indexes in `entries` for one PutRecordBatch each."""
    parcel: list[int] = []
    size = 0
    for index in range(len(entries)):
        length = entries.length(index) + 1
        if len(parcel) == _RECORDS or (parcel and size + length > _BYTES):
            yield parcel
            parcel, size = [], 0
        parcel.append(index)
        size += length
    if parcel:
        yield parcel


class FirehoseDelivery:
    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def deliver(
        self, destination: Destination, segments: Sequence[Segment], progress: Progress
    ) -> None:
        client: FirehoseClient = self._clients.get("firehose", destination.region)
        with Batch(segments, one_group) as batch:
            progress.see(batch.damaged, destination)
            for entries in batch.groups.values():
                for number, parcel in enumerate(split_records(entries)):
                    if number < progress.parcels:
                        continue
                    sending = parcel if progress.pending is None else progress.pending
                    lines = [batch.line(entries, index) + b"\n" for index in sending]
                    refused = _put(client, destination.name, lines)
                    if refused:
                        progress.pending = [sending[position] for position, _ in refused]
                        raise DeliveryFailed(
                            f"{len(refused)} of {len(sending)} records: {refused[0][1]}"
                        )
                    progress.pending = None
                    progress.parcels += 1

    def close(self) -> None:
        self._clients.close()


def _put(client: FirehoseClient, name: str, lines: list[bytes]) -> list[tuple[int, str]]:
    """Which lines were refused, by position, and the error code."""
    answer = client.put_record_batch(
        DeliveryStreamName=name, Records=[{"Data": line} for line in lines]
    )
    return [
        (position, one["ErrorCode"])
        for position, one in enumerate(answer["RequestResponses"])
        if one.get("ErrorCode")
    ]
