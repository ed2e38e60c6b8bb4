"""The three timestamp forms of rest-json, each way.

A model says ``iso8601``, ``rfc822`` or ``unixTimestamp``; what it leaves open depends on the place:
numbers in bodies, http-dates in headers, ISO 8601 in paths and queries.
Readers are strict: no UTC offsets, no other ISO 8601 forms, no numbers in strings of a body.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # formats faster than an aware one
DEFAULT_FORMS = {
    "body": "unixTimestamp",
    "header": "rfc822",
    "uri": "iso8601",
    "querystring": "iso8601",
}

_ISO8601 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,12}))?Z"
)
_HTTP_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,12}))? GMT"
)
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _micros(fraction: str | None) -> int:
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


def read_iso8601(value: Any) -> datetime:
    """``2026-05-04T10:11:12.345Z``; finer than microseconds is cut. Raise ValueError."""
    match = _ISO8601.fullmatch(value) if type(value) is str else None
    if match is None:
        raise ValueError("not an ISO 8601 date and time in UTC")
    year, month, day, hour, minute, second, fraction = match.groups()
    return datetime(
        *(int(year), int(month), int(day), int(hour), int(minute), int(second)),
        _micros(fraction),
        tzinfo=UTC,
    )


def read_http_date(value: Any) -> datetime:
    """``Tue, 29 Apr 2014 18:30:38 GMT``. Raise ValueError."""
    match = _HTTP_DATE.fullmatch(value) if type(value) is str else None
    if match is None:
        raise ValueError("not an HTTP date")
    day, month, year, hour, minute, second, fraction = match.groups()
    return datetime(
        *(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second)),
        _micros(fraction),
        tzinfo=UTC,
    )


def read_epoch(value: Any) -> datetime:
    """Epoch seconds as a JSON number. Raise ValueError."""
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("not a number of seconds")
    try:
        return EPOCH + timedelta(seconds=value)
    except OverflowError as error:
        raise ValueError("out of range") from error


def read_epoch_text(value: Any) -> datetime:
    """Epoch seconds as text, in a header, path or query. Raise ValueError."""
    if type(value) is not str or _NUMBER.fullmatch(value) is None:
        raise ValueError("not a number of seconds")
    return read_epoch(float(value))


BODY_READERS: dict[str, Callable[[Any], datetime]] = {
    "iso8601": read_iso8601,
    "rfc822": read_http_date,
    "unixTimestamp": read_epoch,
}
TEXT_READERS: dict[str, Callable[[Any], datetime]] = BODY_READERS | {
    "unixTimestamp": read_epoch_text
}


def _moment(value: datetime | int) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return EPOCH + timedelta(microseconds=value)


def write_iso8601(value: datetime | int) -> str:
    """``2026-05-04T10:11:12.345678Z``, without fraction when there is none."""
    if type(value) is int:
        return (_NAIVE_EPOCH + timedelta(microseconds=value)).isoformat() + "Z"
    return _moment(value).replace(tzinfo=None).isoformat() + "Z"


def write_http_date(value: datetime | int) -> str:
    """``Tue, 29 Apr 2014 18:30:38 GMT``; fractions are cut."""
    when = _moment(value)
    return (
        f"{_DAYS[when.weekday()]}, {when.day:02} {_MONTHS[when.month - 1]} {when.year:04}"
        f" {when.hour:02}:{when.minute:02}:{when.second:02} GMT"
    )


def write_epoch(value: datetime | int) -> float:
    """Epoch seconds with a fraction of milliseconds, the rest is cut (spec chime-identity 1.4)."""
    micros = (
        (_moment(value) - EPOCH) // timedelta(microseconds=1) if type(value) is not int else value
    )
    return micros // 1000 / 1000


def write_epoch_text(value: datetime | int) -> str:
    seconds = write_epoch(value)
    return str(int(seconds) if seconds.is_integer() else seconds)


BODY_WRITERS: dict[str, Callable[[Any], str | float]] = {
    "iso8601": write_iso8601,
    "rfc822": write_http_date,
    "unixTimestamp": write_epoch,
}
TEXT_WRITERS: dict[str, Callable[[Any], str]] = {
    "iso8601": write_iso8601,
    "rfc822": write_http_date,
    "unixTimestamp": write_epoch_text,
}
