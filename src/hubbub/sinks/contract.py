"""The seam between services and the destinations of their records.

One invariant: *writing a record never waits and never fails the caller*. Records wait in a bounded
spool on disk until their destination has taken them; only beyond the bound are they dropped, and
counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

DestinationKind = Literal["s3", "cloudWatchLogs", "firehose", "sns", "sqs", "events"]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a record goes.

    Buckets, log groups, delivery streams and event buses go by name, topics and queues by ARN.
    """

    kind: DestinationKind
    name: str
    region: str
    account_id: str
    source: str
    """ARN of the configuration that asked for it; the metrics' label."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line for one destination."""

    layout: str  # whose naming of objects and streams holds: "ivschat"
    partition: str  # the id of what it is about, e.g. the room id
    received_at: int  # epoch microseconds
    line: bytes  # JSON, without a newline


class Layout(Protocol):
    """How a service names objects and streams. Pure."""

    def object_key(
        self, destination: Destination, partition: str, received_at: int, suffix: str
    ) -> str:
        """S3 key of a batch; ``suffix`` is 8 hexadecimal digits."""
        ...

    def stream_name(self, destination: Destination, partition: str) -> str:
        """CloudWatch Logs stream."""
        ...


class Sinks(Protocol):
    def write(self, destination: Destination, record: Record) -> None: ...

    async def close(self) -> None:
        """Flush what can be flushed in a few seconds; the rest stays spooled for the next start."""
        ...
