"""What tags may be, beyond what the model says (spec 3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from hubbub.wire.errors import Failure
from hubbub.wire.tags import MAX_TAGS, RESERVED, is_reserved

_ASCII = re.compile(r"[A-Za-z0-9 +\-=._:/@]*")
_CATEGORIES = frozenset("LNZ")  # letters, numbers, separators of any script
_PUNCTUATION = frozenset("+-=._:/@")


def tag_failures(tags: Mapping[str, str], member: str = "tags") -> list[Failure]:
    """All broken rules of a map of tags."""
    failures = []
    if len(tags) > MAX_TAGS:
        failures.append(Failure(member, f"must have at most {MAX_TAGS} entries"))
    if any(is_reserved(key) for key in tags):
        failures.append(Failure(f"{member}.key", f"must not start with {RESERVED}"))
    for part, texts in (("key", tags), ("value", tags.values())):
        if not all(_is_allowed(text) for text in texts):
            failures.append(
                Failure(f"{member}.{part}", "must hold letters, digits, spaces and +-=._:/@ only")
            )
    return failures


def _is_allowed(text: str) -> bool:
    return _ASCII.fullmatch(text) is not None or all(
        letter in _PUNCTUATION or unicodedata.category(letter)[0] in _CATEGORIES for letter in text
    )
