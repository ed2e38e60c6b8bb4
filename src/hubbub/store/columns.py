"""Values as columns hold them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from hubbub.wire.tags import tag_map


def new_id() -> str:
    """A GUID in lower case."""
    return str(uuid.uuid4())


def json_text(value: object) -> str:
    return orjson.dumps(value).decode()


def optional(value: object | None) -> str:
    """A value that may be absent, which is not the same as empty: as JSON, "" for absent."""
    return "" if value is None else json_text(value)


def optional_value(column: str) -> Any:
    """What `optional` was given."""
    return orjson.loads(column) if column else None


def tag_column(tags: Iterable[Mapping[str, Any]] | None) -> str:
    """A TagList as JSON object."""
    return json_text(tag_map(tags))
