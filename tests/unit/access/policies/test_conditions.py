"""The table of condition operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from hubbub.access.policies.conditions import OPERATORS, parse_conditions

KEY = "aws:TagKeys"
NONE: Sequence[str] = ()
ONE = ("red",)
TWO = ("red", "blue")


@pytest.mark.parametrize(
    ("operator", "wanted", "values", "holds"),
    [
        ("StringEquals", "red", ONE, True),
        ("StringEquals", "r*", ONE, False),
        ("StringEquals", "r*", ("r*",), True),
        ("StringEquals", "Red", ONE, False),
        ("StringEquals", ["blue", "red"], ONE, True),
        ("StringEquals", "red", NONE, False),
        ("StringEquals", "red", TWO, True),
        ("StringEqualsIfExists", "red", NONE, True),
        ("StringEqualsIfExists", "red", ("blue",), False),
        ("StringNotEquals", "red", ONE, False),
        ("StringNotEquals", "blue", ONE, True),
        ("StringNotEquals", ["blue", "red"], ONE, False),
        ("StringNotEquals", "red", NONE, True),
        ("StringNotEquals", "red", TWO, False),
        ("StringNotEqualsIfExists", "red", ONE, False),
        ("StringEqualsIgnoreCase", "RED", ONE, True),
        ("StringEqualsIgnoreCase", "REDD", ONE, False),
        ("StringNotEqualsIgnoreCase", "RED", ONE, False),
        ("StringLike", "r?d", ONE, True),
        ("StringLike", "b*", ONE, False),
        ("StringLike", "b*", TWO, True),
        ("StringNotLike", "r*", ONE, False),
        ("StringNotLike", "b*", ONE, True),
        ("StringNotLike", "b*", TWO, False),
        ("ArnLike", "arn:*:x", ("arn:aws:x",), True),
        ("ArnEquals", "arn:*:x", ("arn:aws:x",), True),
        ("ArnNotLike", "arn:*:x", ("arn:aws:x",), False),
        ("ArnNotEquals", "arn:*:x", ("arn:aws:y",), True),
        ("Bool", "true", ("true",), True),
        ("Bool", True, ("true",), True),
        ("Bool", "false", ("true",), False),
        ("Bool", ["true", "false"], ("true",), True),
        ("Bool", "true", NONE, False),
        ("Null", "true", NONE, True),
        ("Null", "true", ONE, False),
        ("Null", False, ONE, True),
        ("Null", "false", NONE, False),
        ("Null", ["true", "false"], NONE, True),
        ("ForAllValues:StringEquals", "red", NONE, True),
        ("ForAllValues:StringEquals", "red", ONE, True),
        ("ForAllValues:StringEquals", "red", TWO, False),
        ("ForAllValues:StringEquals", ["red", "blue", "x"], TWO, True),
        ("ForAllValues:StringNotEquals", "red", TWO, False),
        ("ForAllValues:StringNotEquals", "green", TWO, True),
        ("ForAllValues:StringNotEquals", "red", NONE, True),
        ("ForAnyValue:StringLike", "b*", NONE, False),
        ("ForAnyValue:StringLike", "b*", TWO, True),
        ("ForAnyValue:StringLike", "g*", TWO, False),
        ("ForAnyValue:StringNotLike", "b*", TWO, True),
        ("ForAnyValue:StringNotLike", "*", TWO, False),
        ("ForAnyValue:StringNotLike", "b*", NONE, False),
        ("ForAnyValue:StringLikeIfExists", "b*", NONE, True),
    ],
)
def test_operators(operator: str, wanted: Any, values: Sequence[str], holds: bool) -> None:
    (condition,) = parse_conditions({operator: {KEY: wanted}}, variables=True)
    context: Mapping[str, Sequence[str]] = {KEY.lower(): values} if values else {}
    assert condition.holds(context) is holds
    assert condition.holds({KEY.lower(): values}) is holds


def test_the_table_has_every_operator() -> None:
    (mark,) = (mark for mark in test_operators.pytestmark if mark.name == "parametrize")
    tried = {row[0].split(":")[-1].removesuffix("IfExists") for row in mark.args[1]}
    assert tried == set(OPERATORS)


def test_values_may_hold_variables() -> None:
    block = {"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}}
    (condition,) = parse_conditions(block, variables=True)
    assert condition.keys == {"aws:resourcetag/owner", "aws:username"}
    tagged = {"aws:resourcetag/owner": ("kim",)}
    assert condition.holds(tagged | {"aws:username": ("kim",)})
    assert not condition.holds(tagged | {"aws:username": ("ada",)})
    assert not condition.holds(tagged)
    (literal,) = parse_conditions(block, variables=False)
    assert literal.holds({"aws:resourcetag/owner": ("${aws:username}",)})


def test_ignoring_case_a_variable_without_value_matches_nothing() -> None:
    block = {"StringEqualsIgnoreCase": {"aws:ResourceTag/Owner": "${aws:username}"}}
    (condition,) = parse_conditions(block, variables=True)
    assert not condition.holds({"aws:resourcetag/owner": ("kim",)})
