"""LastUpdatedTimestamp, which moves with every change."""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam, case

UPDATE_STEP = 1_000
"""Microseconds that LastUpdatedTimestamp moves at least: what the wire shows."""


def moved(update_time: ColumnElement[int]) -> ColumnElement[int]:
    """The new update time: ``now``, and later than the old one."""
    least = update_time + UPDATE_STEP
    return case((least > bindparam("now"), least), else_=bindparam("now", type_=update_time.type))
