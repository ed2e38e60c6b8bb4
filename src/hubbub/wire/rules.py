"""Rules of operations' inputs, made of checks that several operations share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hubbub.wire.errors import Failure
from hubbub.wire.service import Rule

Input = Mapping[str, Any]
Check = Callable[[Input], Iterator[Failure]]
"""What is wrong with one thing in an input; nothing if it is not there."""


def all_of(*checks: Check) -> Rule:
    def rule(request: dict[str, Any]) -> Sequence[Failure]:
        return [failure for check in checks for failure in check(request)]

    return rule
