"""The text of a spool segment.

The first line is the destination, each further one a record::

    {"kind":"s3","name":"chat-logs","region":"us-east-1","account_id":"…","source":"arn:…"}
    ["ivschat","EXAMPLEroom1",1777882880754000]<tab>{"event_timestamp":…}

JSON escapes tabs and newlines, so that the first tab ends the head and the newline the record.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import get_args

import orjson

from hubbub.sinks.contract import Destination, DestinationKind, Record

_KINDS = get_args(DestinationKind)


class Damaged(Exception):
    """A line of a segment that was never written whole."""


def encode_destination(destination: Destination) -> bytes:
    return orjson.dumps(asdict(destination)) + b"\n"


def decode_destination(line: bytes) -> Destination:
    """Raises Damaged."""
    try:
        destination = Destination(**orjson.loads(line))
    except (ValueError, TypeError):
        raise Damaged("the destination of a segment cannot be read") from None
    if destination.kind not in _KINDS or not line.endswith(b"\n"):
        raise Damaged("the destination of a segment cannot be read")
    return destination


def encode_record(record: Record) -> bytes:
    line = record.line
    if b"\n" in line:  # in JSON a newline is white space
        line = line.replace(b"\n", b" ")
    head = orjson.dumps((record.layout, record.partition, record.received_at))
    return b"%b\t%b\n" % (head, line)


def decode_head(framed: bytes) -> tuple[str, str, int, int]:
    """Layout, partition, time of reception and where the line begins. Raises Damaged."""
    tab = framed.find(b"\t")
    if tab < 0 or framed[-1:] != b"\n":
        raise Damaged("a record cannot be read")
    try:
        layout, partition, received_at = orjson.loads(framed[:tab])
    except (ValueError, TypeError):
        raise Damaged("a record cannot be read") from None
    if not (isinstance(layout, str) and isinstance(partition, str) and type(received_at) is int):
        raise Damaged("a record cannot be read")
    return layout, partition, received_at, tab + 1
