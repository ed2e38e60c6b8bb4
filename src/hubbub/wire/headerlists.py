"""Lists in headers: ``a, "b,c", "\\"def\\""``, and HTTP dates, which have commas of their own."""

from __future__ import annotations

import re

from hubbub.wire.errors import SerializationFailure

_ITEM = re.compile(r'[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^",]*))[ \t]*(,|$)')
_NEEDS_QUOTES = re.compile(r'[",]|^\s|\s$')


def split_header_list(value: str) -> list[str]:
    """The items; blanks around them do not count. Raise SerializationFailure for stray quotes."""
    if '"' not in value:
        return [each.strip(" \t") for each in value.split(",")] if value.strip(" \t") else []
    items: list[str] = []
    position = 0
    while True:
        match = _ITEM.match(value, position)
        if match is None:
            raise SerializationFailure("a list in a header has stray quotes")
        quoted, plain, separator = match.groups()
        items.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain.strip(" \t"))
        if not separator:
            return items
        position = match.end()


def split_header_dates(value: str) -> list[str]:
    """The items of a list of HTTP dates: every second comma separates."""
    if '"' in value:
        return split_header_list(value)
    pieces = [each.strip(" \t") for each in value.split(",")]
    return [", ".join(pieces[index : index + 2]) for index in range(0, len(pieces), 2)]


def join_header_list(items: list[str]) -> str:
    return ", ".join(
        '"' + re.sub(r'(["\\])', r"\\\1", each) + '"' if _NEEDS_QUOTES.search(each) else each
        for each in items
    )
