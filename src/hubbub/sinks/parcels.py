"""Destinations that take a few records a call, and may refuse some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hubbub.sinks.aws_clients import AwsClients
from hubbub.sinks.batch import Batch, Entries, Progress
from hubbub.sinks.contract import Destination
from hubbub.sinks.delivery import DeliveryFailed
from hubbub.sinks.spool import Segment

Put = Callable[[AwsClients, Destination, list[bytes]], list[tuple[int, str]]]
"""Sends some lines; which of them were refused, by position, and the error code of each."""


def one_group(layout: str, partition: str, received_at: int) -> None:
    return None


def split(entries: Entries, most_records: int, most_bytes: int) -> Iterator[list[int]]:
    """Indexes in `entries` for one call each; a record is counted with a newline."""
    parcel: list[int] = []
    size = 0
    for index in range(len(entries)):
        length = entries.length(index) + 1
        if len(parcel) == most_records or (parcel and size + length > most_bytes):
            yield parcel
            parcel, size = [], 0
        parcel.append(index)
        size += length
    if parcel:
        yield parcel


class ParcelDelivery:
    """Sends parcels in order; of one that was refused in part, that part again."""

    def __init__(self, clients: AwsClients, put: Put, *, most_records: int, most_bytes: int):
        self._clients = clients
        self._put = put
        self._most_records = most_records
        self._most_bytes = most_bytes

    def deliver(
        self, destination: Destination, segments: Sequence[Segment], progress: Progress
    ) -> None:
        with Batch(segments, one_group) as batch:
            progress.see(batch.damaged, destination)
            for entries in batch.groups.values():
                parcels = split(entries, self._most_records, self._most_bytes)
                for number, parcel in enumerate(parcels):
                    if number < progress.parcels:
                        continue
                    sending = parcel if progress.pending is None else progress.pending
                    lines = [batch.line(entries, index) for index in sending]
                    refused = self._put(self._clients, destination, lines)
                    if refused:
                        progress.pending = [sending[position] for position, _ in refused]
                        raise DeliveryFailed(
                            f"{len(refused)} of {len(sending)} records: {refused[0][1]}"
                        )
                    progress.pending = None
                    progress.parcels += 1

    def close(self) -> None:
        self._clients.close()
