"""Values as columns hold them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import ColumnElement, bindparam, case

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.type_defs import TagTypeDef

UPDATE_STEP = 1_000
"""Microseconds that LastUpdatedTimestamp moves at least: what the wire shows."""


def new_id() -> str:
    return str(uuid.uuid4())


def json_text(value: object) -> str:
    return orjson.dumps(value).decode()


def optional(value: str | None) -> str:
    """A text that may be absent, which "" is not: as JSON, "" for absent."""
    return "" if value is None else json_text(value)


def optional_value(column: str) -> str | None:
    """What `optional` was given."""
    value: str | None = orjson.loads(column) if column else None
    return value


def tag_column(tags: Iterable[TagTypeDef] | None) -> str:
    """A TagList as JSON object."""
    return json_text({tag["Key"]: tag["Value"] for tag in tags}) if tags else "{}"


def moved(update_time: ColumnElement[int]) -> ColumnElement[int]:
    """The new update time: ``now``, and later than the old one."""
    least = update_time + UPDATE_STEP
    return case((least > bindparam("now"), least), else_=bindparam("now", type_=update_time.type))


Answer = dict[str, Any]
"""Output as the model names it; members that are None are left out."""
