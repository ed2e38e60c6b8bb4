"""What tags may be, beyond what the model says (chime-meetings A.4, A.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hubbub.wire.errors import Failure

MAX_TAGS = 50
RESERVED = "aws:"


def tag_failures(tags: Sequence[Mapping[str, str]]) -> list[Failure]:
    """All broken rules of a TagList."""
    keys = [tag["Key"] for tag in tags]
    failures = []
    if len(set(keys)) != len(keys):
        failures.append(Failure("Tags", "must not have the same key twice"))
    if any(is_reserved(key) for key in keys):
        failures.append(Failure("Tags.Key", f"must not start with {RESERVED}"))
    return failures


def is_reserved(text: str) -> bool:
    """Also of ids that applications choose."""
    return text[: len(RESERVED)].lower() == RESERVED
