"""Statements are compiled once, and forgotten with their expressions."""

from __future__ import annotations

import gc

import pytest
from sqlalchemy import bindparam, insert, or_, select, update

from hubbub.store.dialects import postgresql_dialect, sqlite_dialect
from hubbub.store.statements import Statements
from hubbub.store.tables import quota_counts, rooms


def test_a_statement_is_compiled_once() -> None:
    statements = Statements(sqlite_dialect())
    statement = select(rooms.c.arn).where(rooms.c.arn == bindparam("arn"))
    assert statements(statement) is statements(statement)
    assert statements(statement).arguments({"arn": "x", "other": 1}) == ("x",)


def test_equal_statements_are_not_mixed_up() -> None:
    statements = Statements(sqlite_dialect())
    kept = [select(rooms.c.arn).where(rooms.c.name == name) for name in "ab"]
    assert [list(statements(one).arguments({})) for one in kept] == [["a"], ["b"]]


def test_statements_made_for_one_call_are_forgotten() -> None:
    statements = Statements(sqlite_dialect())
    for number in range(100):
        statements(select(rooms.c.arn).limit(number))
    gc.collect()
    assert len(statements) == 0


def test_repeated_and_constant_parameters() -> None:
    statement = (
        select(rooms.c.arn)
        .where(or_(bindparam("name") == "", rooms.c.name == bindparam("name")))
        .limit(bindparam("limit"))
    )
    sqlite = Statements(sqlite_dialect())(statement)
    assert list(sqlite.arguments({"name": "x", "limit": 5})) == ["x", "", "x", 5, 0]
    postgresql = Statements(postgresql_dialect())(statement)
    assert list(postgresql.arguments({"name": "x", "limit": 5})) == ["x", "", 5]


def test_a_missing_parameter_is_an_error() -> None:
    compiled = Statements(sqlite_dialect())(insert(quota_counts))
    with pytest.raises(KeyError):
        compiled.arguments({"account_id": "1"})


def test_lists_of_changing_length_are_refused() -> None:
    statement = select(rooms.c.arn).where(rooms.c.arn.in_(bindparam("arns", expanding=True)))
    with pytest.raises(TypeError, match="compiled once"):
        Statements(sqlite_dialect())(statement)


def test_locks_are_for_postgresql() -> None:
    statement = select(rooms.c.arn).with_for_update()
    assert "FOR UPDATE" in Statements(postgresql_dialect())(statement).text
    assert "FOR UPDATE" not in Statements(sqlite_dialect())(statement).text


def test_only_selects_leave_the_database_alone() -> None:
    statements = Statements(sqlite_dialect())
    assert statements(select(rooms.c.arn)).is_select
    changing = update(rooms).values(name="x").returning(rooms.c.arn)
    assert not statements(changing).is_select
