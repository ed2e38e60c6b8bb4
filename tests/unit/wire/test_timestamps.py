from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.wire.timestamps import (
    BODY_READERS,
    BODY_WRITERS,
    EPOCH,
    TEXT_READERS,
    TEXT_WRITERS,
    read_iso8601,
    write_epoch,
    write_iso8601,
)

WHEN = datetime(2014, 4, 29, 18, 30, 38, tzinfo=UTC)
FORMS = {
    "iso8601": "2014-04-29T18:30:38Z",
    "rfc822": "Tue, 29 Apr 2014 18:30:38 GMT",
    "unixTimestamp": "1398796238",
}
MICROSECONDS = st.integers(-(10**15), 10**16)


@pytest.mark.parametrize("form", FORMS)
def test_texts_each_way(form: str) -> None:
    assert TEXT_READERS[form](FORMS[form]) == WHEN
    assert TEXT_WRITERS[form](WHEN) == FORMS[form]
    assert TEXT_WRITERS[form](1_398_796_238_000_000) == FORMS[form]


def test_bodies_hold_numbers() -> None:
    assert BODY_READERS["unixTimestamp"](1398796238.25) == WHEN + timedelta(milliseconds=250)
    assert BODY_WRITERS["unixTimestamp"](WHEN) == 1398796238
    assert TEXT_WRITERS["unixTimestamp"](WHEN + timedelta(milliseconds=5)) == "1398796238.005"


def test_fractions() -> None:
    assert read_iso8601("2026-05-04T10:11:12.345678901Z").microsecond == 345678
    assert read_iso8601("2026-05-04T10:11:12.5Z").microsecond == 500000
    assert TEXT_READERS["rfc822"]("Sun, 02 Jan 2000 20:34:56.250 GMT").microsecond == 250000
    assert write_iso8601(1_777_889_472_345_678) == "2026-05-04T10:11:12.345678Z"
    assert write_epoch(1_777_889_472_345_678) == 1_777_889_472.345


def test_moments_of_other_zones_and_of_none() -> None:
    east = datetime(2014, 4, 29, 20, 30, 38, tzinfo=timezone(timedelta(hours=2)))
    assert write_iso8601(east) == write_iso8601(WHEN.replace(tzinfo=None)) == FORMS["iso8601"]


@given(MICROSECONDS)
def test_iso8601_loses_nothing(micros: int) -> None:
    moment = EPOCH + timedelta(microseconds=micros)
    assert read_iso8601(write_iso8601(micros)) == moment
    assert write_iso8601(moment) == write_iso8601(micros)
    assert write_epoch(moment) == write_epoch(micros)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("iso8601", "2026-02-30T10:11:12Z"),
        ("iso8601", "0000-01-01T00:00:00Z"),
        ("iso8601", "2026-05-04T10:11:60Z"),
        ("iso8601", "2026-05-04T10:11:12+00:00"),
        ("iso8601", "٢٠٢٦-05-04T10:11:12Z"),
        ("iso8601", 5),
        ("rfc822", "Tue, 31 Feb 2014 18:30:38 GMT"),
        ("rfc822", 5),
        ("unixTimestamp", "NaN"),
        ("unixTimestamp", "1e300"),
        ("unixTimestamp", ""),
    ],
)
def test_what_is_no_time(form: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        TEXT_READERS[form](value)


@pytest.mark.parametrize("value", [True, "1", float("nan"), float("inf"), 1e300, None])
def test_what_is_no_number_of_seconds(value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        BODY_READERS["unixTimestamp"](value)
