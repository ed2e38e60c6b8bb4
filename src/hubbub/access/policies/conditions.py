"""Condition blocks: ``{"ForAllValues:StringLike": {"aws:TagKeys": ["team-*"]}}``.

| the key has  | plain       | negated (Not) | ForAllValues   | ForAnyValue   | Null      |
|--------------|-------------|---------------|----------------|---------------|-----------|
| no value     | no          | yes           | yes            | no            | "true"    |
| … (IfExists) | yes         | yes           | yes            | yes           | (refused) |
| values       | one matches | none matches  | each by itself | one by itself | "false"   |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from hubbub.access.policies.errors import PolicyError
from hubbub.access.policies.keys import known_key
from hubbub.access.policies.patterns import Context, Pattern

Match = Callable[[str, Context], bool]

_OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
_BOOLEANS = ("true", "false")


class Quantifier(Enum):
    NONE = ""
    ALL = "ForAllValues"
    ANY = "ForAnyValue"


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator and one key with the values of the policy."""

    key: str  # in lower case
    matches: tuple[Match, ...]
    negated: bool
    quantifier: Quantifier
    if_exists: bool
    keys: frozenset[str]  # all keys that are looked at: its own, and those of variables

    def holds(self, context: Context) -> bool:
        values = context.get(self.key, ())
        if not values:
            if self.if_exists or self.quantifier is Quantifier.ALL:
                return True
            return self.negated and self.quantifier is Quantifier.NONE
        passing = (
            any(match(value, context) for match in self.matches) != self.negated for value in values
        )
        needs_all = self.quantifier is Quantifier.ALL or (
            self.negated and self.quantifier is Quantifier.NONE
        )
        return all(passing) if needs_all else any(passing)


@dataclass(frozen=True, slots=True)
class NullCondition:
    """Is a key there at all?"""

    key: str
    wanted: frozenset[bool]  # True: absent

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((self.key,))

    def holds(self, context: Context) -> bool:
        return (not context.get(self.key)) in self.wanted


AnyCondition = Condition | NullCondition


def _equals(pattern: Pattern) -> Match:
    return lambda value, context: pattern.text(context) == value


def _equals_ignoring_case(pattern: Pattern) -> Match:
    def match(value: str, context: Context) -> bool:
        text = pattern.text(context)
        return text is not None and text.casefold() == value.casefold()

    return match


def _like(pattern: Pattern) -> Match:
    return pattern.match


@dataclass(frozen=True, slots=True)
class _Operator:
    make: Callable[[Pattern], Match]
    wildcards: bool = False
    negated: bool = False
    boolean: bool = False


_OPERATORS = {
    "StringEquals": _Operator(_equals),
    "StringNotEquals": _Operator(_equals, negated=True),
    "StringEqualsIgnoreCase": _Operator(_equals_ignoring_case),
    "StringNotEqualsIgnoreCase": _Operator(_equals_ignoring_case, negated=True),
    "StringLike": _Operator(_like, wildcards=True),
    "StringNotLike": _Operator(_like, wildcards=True, negated=True),
    "ArnEquals": _Operator(_like, wildcards=True),
    "ArnNotEquals": _Operator(_like, wildcards=True, negated=True),
    "ArnLike": _Operator(_like, wildcards=True),
    "ArnNotLike": _Operator(_like, wildcards=True, negated=True),
    "Bool": _Operator(_equals_ignoring_case, boolean=True),
}
OPERATORS = (*_OPERATORS, "Null")


def parse_conditions(block: object, *, variables: bool) -> tuple[AnyCondition, ...]:
    """The conditions of a statement, all of which have to hold. Raise PolicyError."""
    conditions: list[AnyCondition] = []
    for operator, keys in _object(block, "Condition").items():
        for key, values in _object(keys, f"Condition {operator}").items():
            conditions.append(_parse(operator, key, values, variables))
    return tuple(conditions)


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise PolicyError(f"{what} must be an object")
    return value


def _parse(name: str, key: str, given: object, variables: bool) -> AnyCondition:
    split = _OPERATOR.fullmatch(name)
    prefix, bare, suffix = split.groups() if split else (None, name, None)
    if bare == "Null" and not (prefix or suffix):
        wanted = frozenset(each == "true" for each in _booleans(name, given))
        return NullCondition(known_key(key), wanted)
    operator = _OPERATORS.get(bare)
    if operator is None:
        raise PolicyError(f"there is no condition operator {name}")
    values = _booleans(name, given) if operator.boolean else _texts(name, given)
    patterns = [Pattern(each, wildcards=operator.wildcards, variables=variables) for each in values]
    return Condition(
        key=known_key(key),
        matches=tuple(operator.make(each) for each in patterns),
        negated=operator.negated,
        quantifier=Quantifier(prefix or ""),
        if_exists=bool(suffix),
        keys=frozenset((key.lower(),)).union(*(each.keys for each in patterns)),
    )


def _texts(name: str, given: object) -> list[str]:
    values = given if isinstance(given, list) else [given]
    texts = [each for each in values if isinstance(each, str)]
    if not texts or len(texts) < len(values):
        raise PolicyError(f"Condition {name} needs a string or a list of strings for each key")
    return texts


def _booleans(name: str, given: object) -> list[str]:
    values = given if isinstance(given, list) else [given]
    texts = [str(each).lower() if isinstance(each, bool | str) else "" for each in values]
    if not texts or not all(each in _BOOLEANS for each in texts):
        raise PolicyError(f'Condition {name} needs "true" or "false" for each key')
    return texts
