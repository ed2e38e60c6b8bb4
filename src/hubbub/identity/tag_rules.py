"""What tags may be, beyond what the model says and all services say (spec 4.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hubbub.wire.errors import Failure
from hubbub.wire.tags import tag_list_failures


def tag_failures(tags: Sequence[Mapping[str, str]]) -> list[Failure]:
    """All broken rules of a TagList."""
    failures = tag_list_failures(tags)
    if any(not _is_text(text) for tag in tags for text in (tag["Key"], tag["Value"])):
        failures.append(Failure("Tags", "must not hold control characters"))
    return failures


def _is_text(text: str) -> bool:
    return text.isprintable() or not any(letter < " " or letter == "\x7f" for letter in text)
