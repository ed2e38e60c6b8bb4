"""Constraints of shapes as functions from a value to what is wrong with it.

A check answers a text that follows "must satisfy the constraints:", or None. Lengths of strings
count code points, of blobs bytes. Texts never repeat the value.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sized
from typing import Any

from hubbub.wire.patterns import PatternError, matcher
from hubbub.wire.shapes import Shape

logger = logging.getLogger(__name__)

Check = Callable[[Any], str | None]
NOT_NULL = "must not be null"
ONE_MEMBER = "must have exactly one member"
_LENGTHS = {
    "string": "must have a length {}",
    "character": "must have a length {}",
    "blob": "must have a length {}",
    "list": "must have {} items",
    "map": "must have {} entries",
}


def check_of(shape: Shape) -> Check | None:
    """All constraints of the shape itself (not of its members) in one check.

    The first that is broken is told; a pattern is tried only when the length is right, so that long
    inputs never meet a regular expression.
    """
    checks = [check for make in _MAKERS.get(shape.type, ()) if (check := make(shape)) is not None]
    if len(checks) <= 1:
        return checks[0] if checks else None

    def first_broken(value: Any) -> str | None:
        for check in checks:
            broken = check(value)
            if broken is not None:
                return broken
        return None

    return first_broken


def _bounds_text(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    if high is None:
        return f"at least {low}"
    return f"between {low} and {high}"


def _length(shape: Shape) -> Check | None:
    low, high = shape.get("min"), shape.get("max")
    if not low and high is None:
        return None
    text = _LENGTHS[shape.type].format(_bounds_text(low, high))
    least, most = low or 0, high if high is not None else float("inf")

    def length(value: Sized) -> str | None:
        return None if least <= len(value) <= most else text

    return length


def _range(shape: Shape) -> Check | None:
    low, high = shape.get("min"), shape.get("max")
    if low is None and high is None:
        return None
    text = f"must be {_bounds_text(low, high)}"
    least = low if low is not None else float("-inf")
    most = high if high is not None else float("inf")

    def bounds(value: float) -> str | None:
        return None if least <= value <= most else text

    return bounds


def _enum(shape: Shape) -> Check | None:
    values = shape.get("enum")
    if not values:
        return None
    allowed = frozenset(values)
    text = f"must be one of {', '.join(values)}"

    def enum(value: str) -> str | None:
        return None if value in allowed else text

    return enum


def _pattern(shape: Shape) -> Check | None:
    pattern = shape.get("pattern")
    if not pattern:
        return None
    try:
        matches = matcher(pattern)
    except PatternError as error:
        logger.warning("not checked for shape %s: %s", shape.name, error)
        return None
    if matches is None:
        return None
    text = f"must match the pattern {pattern}"

    def pattern_check(value: str) -> str | None:
        return None if matches(value) else text

    return pattern_check


_MAKERS: dict[str, tuple[Callable[[Shape], Check | None], ...]] = {
    "string": (_length, _enum, _pattern),
    "character": (_length, _enum, _pattern),
    "blob": (_length,),
    "list": (_length,),
    "map": (_length,),
    "integer": (_range,),
    "long": (_range,),
    "short": (_range,),
    "byte": (_range,),
    "float": (_range,),
    "double": (_range,),
}
