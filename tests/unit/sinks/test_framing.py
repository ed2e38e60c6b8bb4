"""What a segment holds can be read back, and what was not written whole is known as such."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.sinks.contract import Destination, Record
from hubbub.sinks.framing import (
    Damaged,
    decode_destination,
    decode_head,
    encode_destination,
    encode_record,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(layout=TEXT, partition=TEXT, received_at=st.integers(0, 2**62), line=st.binary())
def test_records_come_back(layout: str, partition: str, received_at: int, line: bytes) -> None:
    framed = encode_record(Record(layout, partition, received_at, line))
    assert framed.count(b"\n") == 1
    *head, start = decode_head(framed)
    assert head == [layout, partition, received_at]
    assert framed[start:-1] == line.replace(b"\n", b" ")


@given(name=TEXT, source=TEXT)
def test_destinations_come_back(name: str, source: str) -> None:
    destination = Destination("firehose", name, "eu-west-1", "123456789012", source)
    assert decode_destination(encode_destination(destination)) == destination


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b'{"kind":"kafka","name":"","region":"","account_id":"","source":""}\n',
        b'{"kind":"s3","name":"","region":"","account_id":"","source":""}',
        b'{"kind":"s3","name":"","region":"","account_id":"","source":"","more":1}\n',
        b'{"kind":"s3","na',
    ],
)
def test_damaged_destinations(line: bytes) -> None:
    with pytest.raises(Damaged):
        decode_destination(line)


@pytest.mark.parametrize(
    "framed",
    [
        b"",
        b"\n",
        b"\0\0\0\0\n",
        b'["plain","room1",1]{}\n',
        b'["plain","room1",1]\t{}',
        b'["plain","room1"]\t{}\n',
        b'["plain","room1","1"]\t{}\n',
        b'["plain","room1",1.5]\t{}\n',
        b'["plain","room1",true]\t{}\n',
        b'["plain",1,1]\t{}\n',
        b'[1,"room1",1]\t{}\n',
        b"7\t{}\n",
        b'["plain","room1",\t{}\n',
    ],
)
def test_damaged_records(framed: bytes) -> None:
    with pytest.raises(Damaged):
        decode_head(framed)
