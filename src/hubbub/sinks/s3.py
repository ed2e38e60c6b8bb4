"""S3: gzip objects of newline-delimited JSON, one for each partition, interval and hour."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Sequence
from contextlib import closing
from hashlib import blake2b
from typing import TYPE_CHECKING

from hubbub.sinks.aws_clients import AwsClients
from hubbub.sinks.batch import Batch, Entries, Progress
from hubbub.sinks.contract import Destination
from hubbub.sinks.delivery import Layouts, layout_of
from hubbub.sinks.failures import error_code
from hubbub.sinks.spool import Segment

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.literals import BucketLocationConstraintType

_HOUR = 3_600_000_000  # microseconds
ObjectGroup = tuple[str, str, int]


def object_group(layout: str, partition: str, received_at: int) -> ObjectGroup:
    return layout, partition, received_at // _HOUR


def pack(
    batch: Batch[ObjectGroup], entries: Entries, destination: Destination
) -> tuple[bytes, str]:
    """The object's body and its suffix.

    The suffix derives from the content, so that sending the same batch again, after a crash or a
    lost answer, overwrites the object rather than doubling it.
    """
    digest = blake2b(destination.source.encode(), digest_size=4)
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: with a gzip header
    packed = []
    for line in batch.lines(entries):
        text = line + b"\n"
        digest.update(text)
        packed.append(packer.compress(text))
    packed.append(packer.flush())
    return b"".join(packed), digest.hexdigest()


def objects(
    layouts: Layouts, destination: Destination, segments: Sequence[Segment], progress: Progress
) -> Generator[tuple[str, bytes], None, None]:
    """Key and body of each object that is still to be written; asking for the next counts it."""
    with Batch(segments, object_group) as batch:
        progress.see(batch.damaged, destination)
        for number, ((layout, partition, _), entries) in enumerate(batch.groups.items()):
            if number < progress.parcels:
                continue
            body, suffix = pack(batch, entries, destination)
            key = layout_of(layouts, layout).object_key(
                destination, partition, entries.received_at(0), suffix
            )
            yield key, body
            progress.parcels += 1


class S3Delivery:
    def __init__(self, clients: AwsClients, layouts: Layouts) -> None:
        self._clients = clients
        self._layouts = layouts

    def deliver(
        self, destination: Destination, segments: Sequence[Segment], progress: Progress
    ) -> None:
        client: S3Client = self._clients.get("s3", destination.region)
        with closing(objects(self._layouts, destination, segments, progress)) as found:
            for key, body in found:
                _put(client, destination, key, body)

    def close(self) -> None:
        self._clients.close()


def _put(client: S3Client, destination: Destination, key: str, body: bytes) -> None:
    for create in (True, False):
        try:
            client.put_object(
                Bucket=destination.name, Key=key, Body=body, ContentType="application/gzip"
            )
        except client.exceptions.ClientError as error:
            if error_code(error) != "NoSuchBucket" or not create:
                raise
            _create_bucket(client, destination)
        else:
            return


def _create_bucket(client: S3Client, destination: Destination) -> None:
    try:
        if destination.region == "us-east-1":  # the region that has no name there
            client.create_bucket(Bucket=destination.name)
        else:
            region: BucketLocationConstraintType = destination.region  # type: ignore[assignment]
            client.create_bucket(
                Bucket=destination.name,
                CreateBucketConfiguration={"LocationConstraint": region},
            )
    except client.exceptions.ClientError as error:
        if error_code(error) != "BucketAlreadyOwnedByYou":
            raise
