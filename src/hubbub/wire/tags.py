"""Tags as every service of AWS's has them: what they may be, and what policies may ask of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from hubbub.wire.errors import Failure
from hubbub.wire.service import Call

MAX_TAGS = 50
RESERVED = "aws:"

TagsOf = Callable[[Call, str], Awaitable[Mapping[str, str]]]
"""Reads the tags of an ARN as far as they are the caller's."""


def is_reserved(text: str) -> bool:
    """Of a tag's key, or of another name that applications choose."""
    return text[: len(RESERVED)].lower() == RESERVED


def tag_map(tags: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """A list of structures with Key and Value as a map; empty for None."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def tag_list_failures(tags: Sequence[Mapping[str, str]]) -> list[Failure]:
    """All broken rules of a list of structures with Key and Value."""
    keys = [tag["Key"] for tag in tags]
    failures = []
    if len(set(keys)) != len(keys):
        failures.append(Failure("Tags", "must not have the same key twice"))
    if any(is_reserved(key) for key in keys):
        failures.append(Failure("Tags.Key", f"must not start with {RESERVED}"))
    return failures


def tag_conditions(
    tags: Mapping[str, str], keys: Sequence[str] | None = None
) -> dict[str, str | tuple[str, ...]]:
    """Condition keys of a call that gives these tags, or takes away those with these keys."""
    conditions: dict[str, str | tuple[str, ...]] = {
        f"aws:RequestTag/{key}": value for key, value in tags.items()
    }
    if named := tuple(tags) or tuple(keys or ()):
        conditions["aws:TagKeys"] = named
    return conditions
