import time

import pytest

from hubbub.wire import load_model
from hubbub.wire.patterns import PatternError, matcher

NAMES = r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]*"
MODELS = ("ivschat", "chime-sdk-identity", "chime-sdk-messaging", "chime-sdk-meetings")


def fits(pattern: str, value: str) -> bool:
    matches = matcher(pattern)
    return matches is None or bool(matches(value))


def test_patterns_match_the_whole_value() -> None:
    assert fits("[a-z]+", "abc")
    assert not fits("[a-z]+", "abc!")
    assert not fits("^[a-z]+$", "abc\n")
    assert not fits("^[a-z]+", "abc-")


def test_any_text_is_any_text() -> None:
    assert matcher(".*") is None
    assert not fits("^arn:.*", "arn:a\nb")


def test_classes_are_ascii() -> None:
    assert not fits(r"\d+", "٣")
    assert not fits(r"\w+", "é")


@pytest.mark.parametrize("value", ["", "Tab\there", "é", "😀", "\U0010ffff", "a\r\nb", "FF"])
def test_names_may_hold(value: str) -> None:
    assert fits(NAMES, value)


@pytest.mark.parametrize("value", ["\x00", "\x1b", "\x7f", "\ufffe"])
def test_names_may_not_hold(value: str) -> None:
    assert not fits(NAMES, value)


def test_empty_or_a_function() -> None:
    pattern = "$|^arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+.*"
    assert fits(pattern, "")
    assert fits(pattern, "arn:aws:lambda:us-west-2:123456789012:function:f")
    assert not fits(pattern, "\n")
    assert not fits(pattern, "x")


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^[\p{L}\p{Nd} ]+$", "Größe 1٣", "a-b"),
        (r"\p{Lu}x", "Äx", "äx"),
        (r"[\p{IsAlphabetic}_]+", "ä_", "1"),
        (r"\\p+", "\\pp", "L"),
    ],
)
def test_unicode_categories(pattern: str, good: str, bad: str) -> None:
    assert fits(pattern, good)
    assert not fits(pattern, bad)


@pytest.mark.parametrize("pattern", ["(", r"\p{NoSuchCategory}", "[b-a]", "a{99999999999}"])
def test_what_cannot_be_translated(pattern: str) -> None:
    with pytest.raises(PatternError):
        matcher(pattern)


def test_no_pattern_in_use_backtracks_without_end() -> None:
    """The longest values that reach a pattern, made to fail at their end, take milliseconds."""
    for name in MODELS:
        model = load_model(name)
        for shape in (model.shapes[each] for each in model.shapes.names()):
            matches = matcher(shape.get("pattern") or ".*")
            if shape.type != "string" or matches is None:
                continue
            longest = shape.get("max") or 20_000
            for filler in ("a", "A", "0", " ", ":", "-", "/", ".", "a_", "arn:", "ab"):
                value = ("arn:aws:lambda:a:" + filler * longest)[: longest - 1] + "\x00"
                for text in (value, (filler * longest)[: longest - 1] + "\x00"):
                    started = time.perf_counter()
                    matches(text)
                    assert time.perf_counter() - started < 0.2, (shape.name, filler)
