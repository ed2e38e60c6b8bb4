"""Patterns of policies, and that none of them takes long."""

from __future__ import annotations

import fnmatch
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.access.policies import PolicyError
from hubbub.access.policies.patterns import Pattern


@settings(max_examples=1000, deadline=None)
@given(st.text("ab\n*?.[", max_size=10), st.text("ab\n.[", max_size=10))
def test_patterns_match_as_regular_expressions_would(pattern: str, text: str) -> None:
    source = fnmatch.translate(pattern.replace("[", "[[]"))
    assert Pattern(pattern).match(text, {}) is bool(re.fullmatch(source, text))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("*a" * 500 + "b", "a" * 2000),
        ("a*" * 500 + "b", "a" * 2000),
        ("*" * 2000 + "b", "a" * 2000),
        ("*?a" * 300 + "b", "a" * 2000),
        ("*" + "?a" * 300 + "b", "a" * 2000),
        ("*" + "a" * 1000 + "b*", "a" * 2000),
    ],
)
def test_no_pattern_takes_long(pattern: str, text: str) -> None:
    begin = time.thread_time()
    assert not Pattern(pattern).match(text, {})
    assert time.thread_time() - begin < 0.25


def test_escaped_wildcards_are_letters() -> None:
    pattern = Pattern("a${*}b${?}${$}", variables=True)
    assert pattern.match("a*b?$", {})
    assert not pattern.match("axbx$", {})


def test_values_of_variables_have_no_wildcards() -> None:
    pattern = Pattern("${aws:username}/*", variables=True)
    assert pattern.match("*/x", {"aws:username": ("*",)})
    assert not pattern.match("kim/x", {"aws:username": ("*",)})
    assert not pattern.match("kim/x", {"aws:username": ("kim", "ada")})


@pytest.mark.parametrize(
    "text", ["${", "a${aws:username", "${}", "${nocolon}", "${aws:Nothing}", "${aws:username, x}"]
)
def test_malformed_variables_are_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        Pattern(text, variables=True)
