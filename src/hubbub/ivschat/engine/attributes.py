"""Attribute maps: of tokens, messages, events and review answers (spec 4, 5, 6.5, 7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeGuard

TOKEN_BYTES = 1024
MESSAGE_BYTES = 1024
REVIEW_BYTES = 1024
EVENT_BYTES = 4096

_SURROGATE = re.compile("[\ud800-\udfff]")


def is_string_map(value: object) -> TypeGuard[dict[str, str]]:
    """Is it an object whose keys and values are all strings?"""
    return isinstance(value, dict) and all(
        isinstance(key, str) and isinstance(entry, str) for key, entry in value.items()
    )


def size(attributes: Mapping[str, str]) -> int:
    """Bytes of UTF-8 in keys and values together."""
    text = "".join(attributes) + "".join(attributes.values())
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def well_formed(text: str) -> str:
    """The text with U+FFFD in the place of every surrogate, so that it can be encoded."""
    return text if text.isascii() else _SURROGATE.sub("�", text)


def well_formed_map(attributes: Mapping[str, str]) -> dict[str, str]:
    return {well_formed(key): well_formed(value) for key, value in attributes.items()}
