"""What tags may be, beyond what the model says (spec 4.8)."""

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
    if any(not _is_text(text) for tag in tags for text in (tag["Key"], tag["Value"])):
        failures.append(Failure("Tags", "must not hold control characters"))
    return failures


def is_reserved(key: str) -> bool:
    return key[: len(RESERVED)].lower() == RESERVED


def _is_text(text: str) -> bool:
    return text.isprintable() or not any(letter < " " or letter == "\x7f" for letter in text)
