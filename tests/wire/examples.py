"""Values for shapes: shortest, longest, of a given length, and such that break the rules."""

from __future__ import annotations

from typing import Any

from hubbub.wire.shapes import Shape

ARN = "arn:aws:chime:us-east-1:123456789012:app-instance/"
IVSCHAT = "arn:aws:ivschat:us-west-2:123456789012:"
GUID = "11111111-2222-3333-4444-555555555555"
UNBOUNDED = 8  # the length of the longest value where there is no maximum

# pattern -> (head, filler, tail of a value that fits; a value that does not)
PATTERNS: dict[str, tuple[str, str, str, str | None]] = {
    ".*": ("", "a", "", None),
    r"[\s\S]*": ("", "a", "", None),
    r".*\S.*": ("", "a", "", " "),
    "[a-z0-9-.]+": ("", "a", "", "A"),
    "[a-zA-Z0-9_.-]+": ("", "a", "", "é"),
    "[a-zA-Z0-9]+": ("", "a", "", "-"),
    r"[\.\-_/#A-Za-z0-9]+": ("", "a", "", " "),
    "[a-zA-Z0-9-_]*": ("", "a", "", " "),
    "[-_a-zA-Z0-9]*": ("", "a", "", " "),
    r"[A-Za-z0-9]([A-Za-z0-9\:\-\_\.\@]{0,62}[A-Za-z0-9])?": ("", "a", "", ":"),
    r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]*": (
        *("", "😀", ""),
        "\x01",
    ),
    "^([A-Za-z]_?)+$": ("", "a", "", "_"),
    "[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}": (GUID, "", "", GUID[:-1] + "g"),
    "$|^arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+.*": (
        "arn:aws:lambda:us-west-2:123456789012:function:f",
        *("f", ""),
        "arn:aws:lambda:us-west-2:12345678901:function:f",
    ),
    "arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+": (
        *(f"{IVSCHAT}logging-configuration/a", "a", ""),
        f"{IVSCHAT}room/a",
    ),
    "arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+": (
        *(f"{IVSCHAT}room/a", "a", ""),
        f"{IVSCHAT}room/a b",
    ),
    "arn:aws:ivschat:[a-z0-9-]+:[0-9]+:(room|logging-configuration)/[a-zA-Z0-9-]+": (
        *(f"{IVSCHAT}room/a", "a", ""),
        f"{IVSCHAT}lobby/a",
    ),
    r"arn:[a-z0-9-\.]{1,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[^/].{0,1023}": (
        *(f"{ARN}{GUID}", "a", ""),
        "arn:aws:chime:us-east-1:123456789012:/a",
    ),
    "arn:aws:lex:[a-z]{2}-[a-z]+-\\d{1}:\\d{12}:bot-alias/[A-Z0-9]{10}/[A-Z0-9]{10}": (
        *("arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/KLMNOPQRST", "", ""),
        "arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/KLMNOPQRS",
    ),
    (
        "arn:aws:lambda:[a-z]{2}-[a-z]+-\\d{1}:\\d{12}:function:[a-zA-Z0-9\\-_\\.]+"
        "(:(\\$LATEST|[a-zA-Z0-9\\-_]+))?"
    ): (
        *("arn:aws:lambda:us-east-1:123456789012:function:f", "f", ""),
        "arn:aws:lambda:us-east-1:123456789012:function:",
    ),
    "^arn:.*": ("arn:aws:chime:us-east-1:123456789012:meeting/", "a", "", "urn:a"),
    r"^arn[\/\:\-\_\.a-zA-Z0-9]+$": ("arn:aws:chime::", "a", "", "arn a"),
    "^[a-zA-Z+-=._:/]+$": ("", "a", "", "é"),
    r"[\s\w+-=\.:/@]*": ("", "a", "", "é"),
    r"^(?!.*?(.)\1{3})[-_!@#$a-zA-Z0-9]*$": ("", "ab", "", "aaaa"),
    "^[0-9a-zA-Z._-]+": ("", "a", "", " "),
    "^[a-zA-Z-,]+": ("", "a", "", "1"),
    "^[A-Z_, ]+": ("", "A", "", "a"),
    "^[a-zA-Z0-9,-._]+": ("", "a", "", "é"),
}
# The longest value that the pattern allows where the shape's maximum is larger.
LONGEST = {
    r"arn:[a-z0-9-\.]{1,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[^/].{0,1023}": (
        1000
    ),
}


def text_of_length(shape: Shape, length: int) -> str | None:
    """A string of that many code points that fits the shape's pattern; None if there is none."""
    head, filler, tail, _ = PATTERNS[shape.get("pattern") or ".*"]
    missing = length - len(head) - len(tail)
    if missing < 0 or (missing and not filler):
        return None
    return head + (filler * missing)[:missing] + tail


def example(shape: Shape, *, large: bool = False, full: bool = True) -> Any:
    """A value that is allowed, as JSON: as small or as large as the shape says.

    `full` False leaves optional members out.
    """
    return _EXAMPLES[shape.type](shape, large, full)


def _string(shape: Shape, large: bool, full: bool) -> str:
    if shape.get("enum"):
        return str(shape.get("enum")[-1 if large else 0])
    pattern = shape.get("pattern") or ".*"
    head, _, tail, _ = PATTERNS[pattern]
    shortest = max(shape.get("min") or 0, len(head) + len(tail), 1)
    longest = min(shape.get("max") or shortest + UNBOUNDED, LONGEST.get(pattern, 1 << 20))
    return text_of_length(shape, longest if large else shortest) or head


def _integer(shape: Shape, large: bool, full: bool) -> int:
    low = shape.get("min") or 0
    return int(shape.get("max") or low + 1 if large else low)


def _list(shape: Shape, large: bool, full: bool) -> list[Any]:
    low = shape.get("min") or 0
    count = (shape.get("max") or 2) if large else max(low, 1)
    return [example(shape.item.shape, large=large, full=full)] * count


def _map(shape: Shape, large: bool, full: bool) -> dict[str, Any]:
    if not full and not shape.get("min"):
        return {}
    value = example(shape.value.shape, large=large, full=full)
    key = example(shape.key.shape, large=large)
    count = (shape.get("max") or 2) if large else 1
    return {f"{key[: len(key) - 3]}{index:03}" if large else key: value for index in range(count)}


def _structure(shape: Shape, large: bool, full: bool) -> dict[str, Any]:
    members = list(shape.members())
    if shape.get("union"):
        members = members[:1]
    elif not full:
        members = [each for each in members if each.name in shape.required]
    return {each.wire_name: example(each.shape, large=large, full=full) for each in members}


_EXAMPLES: dict[str, Any] = {
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "boolean": lambda shape, large, full: True,
    "timestamp": lambda shape, large, full: (
        "2026-05-04T10:11:12Z" if shape.get("timestampFormat") else 1777889472.123
    ),
    "list": _list,
    "map": _map,
    "structure": _structure,
}
