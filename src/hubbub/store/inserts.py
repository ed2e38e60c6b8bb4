"""Inserts that the table may refuse without undoing the transaction."""

from __future__ import annotations

from sqlalchemy import Executable, Table, text


def insert_absent(table: Table) -> Executable:
    """Insert a row, or touch none if its key is there: `Transaction.execute` tells which."""
    names = [column.name for column in table.columns]
    return text(
        f"INSERT INTO {table.name} ({', '.join(names)})"  # noqa: S608 -- names of ours
        f" VALUES ({', '.join(':' + name for name in names)}) ON CONFLICT DO NOTHING"
    )
