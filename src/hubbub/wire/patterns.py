"""Patterns of service models, translated to Python's `re` and matched against whole values."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import cache

_ASTRAL = re.compile(r"\\u(10[0-9A-Fa-f]{4}|[1-9A-Fa-f][0-9A-Fa-f]{4})-\\u(10[0-9A-Fa-f]{4})")
_PROPERTY = re.compile(r"\\p\{(?:Is)?([A-Za-z_]+)\}")
_EVERYTHING = {".*", r"[\s\S]*"}


class PatternError(ValueError):
    """The pattern uses something that cannot be translated."""


@cache
def matcher(pattern: str) -> Callable[[str], object] | None:
    """A function that is truthy for the values that fit; None if every value fits.

    ``\\d``, ``\\w`` and ``\\s`` are ASCII, as in Java. A mere ``.*`` allows line feeds too: it is
    how models spell "any text" (spec chime-identity 2). ``\\u10000-\\u10FFFF`` means the astral
    planes, although it is no such escape in any language. Raise PatternError.
    """
    if pattern in _EVERYTHING:
        return None
    translated = _ASTRAL.sub(
        lambda found: f"\\U{found[1].rjust(8, '0')}-\\U{found[2].rjust(8, '0')}", pattern
    )
    translated = _PROPERTY.sub(lambda found: _category(found[1]), _bracketed(translated))
    try:
        return re.compile(translated, re.ASCII).fullmatch
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f"pattern {pattern!r}: {error}") from error


def _bracketed(pattern: str) -> str:
    """Put each ``\\p{…}`` that stands outside a character class into one."""
    if "\\p{" not in pattern:
        return pattern
    pieces: list[str] = []
    inside = False
    for piece in re.findall(r"\\p\{[^}]*\}|\\.|.", pattern, re.DOTALL):
        if piece == "[":
            inside = True
        elif piece == "]":
            inside = False
        pieces.append(f"[{piece}]" if piece.startswith("\\p{") and not inside else piece)
    return "".join(pieces)


@cache
def _category(name: str) -> str:
    """The members of a Unicode general category ("L", "Nd"), written for a character class."""
    name = {"Alphabetic": "L", "Digit": "Nd", "White_Space": "Z"}.get(name, name)
    ranges: list[str] = []
    start: int | None = None
    for point in range(sys.maxunicode + 2):
        belongs = point <= sys.maxunicode and unicodedata.category(chr(point)).startswith(name)
        if belongs and start is None:
            start = point
        elif not belongs and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{point - 1:08x}")
            start = None
    if not ranges:
        raise PatternError(f"no Unicode category {name!r}")
    return "".join(ranges)
