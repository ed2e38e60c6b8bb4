"""SQLAlchemy statements as SQL text and positional parameters, each compiled once."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Executable

Parameters = Mapping[str, Any]
NO_PARAMETERS: Parameters = {}


@dataclass(frozen=True, slots=True)
class Compiled:
    """``arguments`` makes the driver's positional arguments; a missing one is a KeyError."""

    text: str
    arguments: Callable[[Parameters], Sequence[Any]]
    is_select: bool


class Statements:
    """What a dialect makes of statements; forgotten when the statement itself is gone."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        # By identity: comparing or hashing an expression by value costs more than compiling saves.
        self._compiled: dict[int, Compiled] = {}
        self._alive: dict[int, weakref.ref[Executable]] = {}

    def __len__(self) -> int:
        return len(self._compiled)

    def __call__(self, statement: Executable) -> Compiled:
        return self._compiled.get(id(statement)) or self._compile(statement)

    def _compile(self, statement: Executable) -> Compiled:
        compiled = statement.compile(dialect=self._dialect)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        if compiled.post_compile_params:
            raise TypeError("a list of changing length (in_) cannot be compiled once")
        names = tuple(compiled.positiontup or ())
        required = {
            name for bind, name in compiled.bind_names.items() if bind.required and name in names
        }
        constants = {name: compiled.params[name] for name in names if name not in required}
        result = Compiled(str(compiled), _arguments(names, constants), statement.is_select)
        key = id(statement)
        self._compiled[key] = result
        self._alive[key] = weakref.ref(statement, lambda _: self._forget(key))
        return result

    def _forget(self, key: int) -> None:
        del self._compiled[key]
        del self._alive[key]


def _arguments(
    names: tuple[str, ...], constants: Parameters
) -> Callable[[Parameters], Sequence[Any]]:
    if not names:
        return lambda _: ()
    if constants:
        return lambda given: [given[name] if name in given else constants[name] for name in names]
    if len(names) == 1:
        (name,) = names
        return lambda given: (given[name],)
    return itemgetter(*names)
