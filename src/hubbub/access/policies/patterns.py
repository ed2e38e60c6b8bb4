"""Texts of policies with ``*``, ``?`` and policy variables, matched without backtracking.

A pattern is cut at its stars. The first piece has to stand at the start, the last at the end, and
each of the others is looked for from where the one before it ended: the leftmost place is always
right, so no choice is ever taken back. Time is at worst text times pattern, and linear for pieces
without ``?``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from hubbub.access.policies.errors import PolicyError
from hubbub.access.policies.keys import known_key

Context = Mapping[str, Sequence[str]]
"""Condition keys in lower case -> their values; a key without values is absent."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_KEY = re.compile(r"\s*([A-Za-z0-9-]+:[^\s,']+)\s*(?:,\s*'([^']*)'\s*)?")


class Wildcard(Enum):
    STAR = "*"
    ANY = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """``${aws:username, 'nobody'}``: the value of a condition key."""

    key: str  # in lower case
    default: str | None


Token = str | Wildcard | Variable
_WILDCARDS = {each.value: each for each in Wildcard}


def tokens_of(text: str, *, wildcards: bool, variables: bool) -> tuple[Token, ...]:
    """The parts of a pattern. `variables` False: ``${`` is text. Raise PolicyError."""
    tokens: list[Token] = []
    end = 0
    for match in _VARIABLE.finditer(text) if variables else ():
        tokens += _plain(text[end : match.start()], wildcards)
        tokens.append(_variable(match[1]))
        end = match.end()
    rest = text[end:]
    if variables and "${" in rest:
        raise PolicyError(f"the policy variable in {text!r} has no end")
    tokens += _plain(rest, wildcards)
    return tuple(tokens)


def _plain(text: str, wildcards: bool) -> Iterator[Token]:
    for each in re.split(r"([*?])", text) if wildcards else (text,):
        if each:
            yield _WILDCARDS.get(each, each) if wildcards else each


def _variable(inner: str) -> Token:
    if inner in ("*", "?", "$"):
        return inner
    match = _KEY.fullmatch(inner)
    if match is None:
        raise PolicyError(f"${{{inner}}} is no policy variable")
    return Variable(known_key(match[1]), match[2])


def resolved(tokens: Sequence[Token], context: Context) -> list[str | Wildcard] | None:
    """The tokens with their variables replaced; None when one has no value."""
    result: list[str | Wildcard] = []
    for each in tokens:
        if isinstance(each, Variable):
            values = context.get(each.key, ())
            if len(values) == 1:
                result.append(values[0])
            elif each.default is not None and not values:
                result.append(each.default)
            else:
                return None
        else:
            result.append(each)
    return result


class _Piece:
    """A stretch without stars."""

    __slots__ = ("_regex", "_text", "length")

    def __init__(self, tokens: Sequence[str | Wildcard]) -> None:
        self.length = sum(len(each) if isinstance(each, str) else 1 for each in tokens)
        self._text = "".join(each for each in tokens if isinstance(each, str))
        self._regex: re.Pattern[str] | None = None
        if Wildcard.ANY in tokens:
            source = "".join(re.escape(each) if isinstance(each, str) else "." for each in tokens)
            self._regex = re.compile(source, re.DOTALL)

    def stands_at(self, text: str, position: int) -> bool:
        if self._regex is None:
            return text.startswith(self._text, position)
        return self._regex.match(text, position) is not None

    def find(self, text: str, start: int, end: int) -> int:
        """Where it stands first between `start` and `end`; -1: nowhere."""
        if self._regex is None:
            return text.find(self._text, start, end)
        match = self._regex.search(text, start, end)
        return -1 if match is None else match.start()


class Pieces:
    """A pattern without variables, cut at its stars."""

    __slots__ = ("_pieces",)

    def __init__(self, tokens: Sequence[str | Wildcard]) -> None:
        cut: list[list[str | Wildcard]] = [[]]
        for each in tokens:
            if each is Wildcard.STAR:
                cut.append([])
            else:
                cut[-1].append(each)
        self._pieces = [_Piece(each) for each in cut]

    def match(self, text: str) -> bool:
        first, *others = self._pieces
        if not first.stands_at(text, 0):
            return False
        if not others:
            return first.length == len(text)
        *middle, last = others
        position, end = first.length, len(text) - last.length
        if position > end or not last.stands_at(text, end):
            return False
        for piece in middle:
            found = piece.find(text, position, end)
            if found < 0:
                return False
            position = found + piece.length
        return True


class Pattern:
    """A pattern as it stands in a policy. A variable without a value matches nothing."""

    __slots__ = ("_ready", "_tokens", "keys")

    def __init__(self, text: str, *, wildcards: bool = True, variables: bool = False) -> None:
        self._tokens = tokens_of(text, wildcards=wildcards, variables=variables)
        self.keys = frozenset(each.key for each in self._tokens if isinstance(each, Variable))
        """Condition keys that its variables stand for."""
        self._ready = None if self.keys else self._pieces({})

    def _pieces(self, context: Context) -> Pieces | None:
        tokens = resolved(self._tokens, context)
        return None if tokens is None else Pieces(tokens)

    def match(self, text: str, context: Context) -> bool:
        pieces = self._ready or self._pieces(context)
        return pieces is not None and pieces.match(text)

    def is_resolved(self, context: Context) -> bool:
        """Has every variable a value?"""
        return self._ready is not None or resolved(self._tokens, context) is not None

    def text(self, context: Context) -> str | None:
        """The whole with its variables replaced; None when one has no value."""
        tokens = resolved(self._tokens, context)
        if tokens is None:
            return None
        return "".join(each if isinstance(each, str) else each.value for each in tokens)
