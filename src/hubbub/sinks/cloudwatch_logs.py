"""CloudWatch Logs: an event for each record, in a stream for each partition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from hubbub.sinks.aws_clients import AwsClients
from hubbub.sinks.batch import Batch, Entries, Progress
from hubbub.sinks.contract import Destination
from hubbub.sinks.delivery import DeliveryFailed, Layouts, layout_of
from hubbub.sinks.failures import count_dropped, report
from hubbub.sinks.spool import Segment

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_logs.type_defs import InputLogEventTypeDef

# The bounds of PutLogEvents
_EVENTS = 10_000
_BYTES = 1_048_576
_EVENT_OVERHEAD = 26
_SPAN = 24 * 3_600_000_000  # microseconds

StreamGroup = tuple[str, str]


def stream_group(layout: str, partition: str, received_at: int) -> StreamGroup:
    return layout, partition


def split_events(entries: Entries) -> Iterator[list[int]]:
    """Indexes in `entries` for one PutLogEvents each, in order of time."""
    parcel: list[int] = []
    size = 0
    for index in sorted(range(len(entries)), key=entries.received_at):
        cost = entries.length(index) + _EVENT_OVERHEAD
        full = len(parcel) == _EVENTS or size + cost > _BYTES
        if parcel and (
            full or entries.received_at(index) - entries.received_at(parcel[0]) >= _SPAN
        ):
            yield parcel
            parcel, size = [], 0
        parcel.append(index)
        size += cost
    if parcel:
        yield parcel


class CloudWatchLogsDelivery:
    def __init__(self, clients: AwsClients, layouts: Layouts) -> None:
        self._clients = clients
        self._layouts = layouts

    def deliver(
        self, destination: Destination, segments: Sequence[Segment], progress: Progress
    ) -> None:
        client: CloudWatchLogsClient = self._clients.get("logs", destination.region)
        number = 0
        with Batch(segments, stream_group) as batch:
            progress.see(batch.damaged, destination)
            for (layout, partition), entries in batch.groups.items():
                stream = layout_of(self._layouts, layout).stream_name(destination, partition)
                for parcel in split_events(entries):
                    number += 1
                    if number <= progress.parcels:
                        continue
                    events: list[InputLogEventTypeDef] = [
                        {
                            "timestamp": entries.received_at(index) // 1000,
                            "message": batch.line(entries, index).decode("utf-8", "replace"),
                        }
                        for index in parcel
                    ]
                    self._put(client, destination, stream, events)
                    progress.parcels = number

    def _put(
        self,
        client: CloudWatchLogsClient,
        destination: Destination,
        stream: str,
        events: list[InputLogEventTypeDef],
    ) -> None:
        for create in (True, False):
            try:
                answer = client.put_log_events(
                    logGroupName=destination.name, logStreamName=stream, logEvents=events
                )
            except client.exceptions.ResourceNotFoundException:
                if not create:
                    raise
                _create_stream(client, destination.name, stream)
            else:
                _see_rejected(destination, len(events), answer.get("rejectedLogEventsInfo", {}))
                return
        raise DeliveryFailed("the stream is not there although it was just created")

    def close(self) -> None:
        self._clients.close()


def _create_stream(client: CloudWatchLogsClient, group: str, stream: str) -> None:
    exists = client.exceptions.ResourceAlreadyExistsException
    with suppress(exists):
        client.create_log_group(logGroupName=group)
    with suppress(exists):
        client.create_log_stream(logGroupName=group, logStreamName=stream)


def _see_rejected(destination: Destination, sent: int, rejected: object) -> None:
    """Events too old or too new are refused for good while the rest of the call is taken."""
    if not isinstance(rejected, dict) or not rejected:
        return
    old = 1 + max(
        rejected.get("tooOldLogEventEndIndex", -1), rejected.get("expiredLogEventEndIndex", -1)
    )
    new = sent - rejected.get("tooNewLogEventStartIndex", sent)
    if old + new > 0:
        count_dropped(destination, old + new)
        report(destination, 1, f"{old} events were too old and {new} too new")
