"""Clears away what deletions have hidden (spec 6): the app instance with all below it, and what
other services keep for deleted users and bots.

One invariant: *the entry in `deletions` goes last*. Whatever happens before, the next node to look
begins again where things stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Delete, Select, Table, bindparam, delete, select, tuple_

from hubbub.identity.alive import DELETING
from hubbub.identity.arns import APP_INSTANCE
from hubbub.identity.dependents import Dependents
from hubbub.identity.leases import Lease
from hubbub.store.contract import Row, Store, Transaction
from hubbub.store.tables import (
    app_instance_admins,
    app_instance_bots,
    app_instance_users,
    app_instances,
    client_request_tokens,
    deletions,
)

ROWS_AT_ONCE = 200
"""Small enough that other calls do not notice: a few milliseconds of the writer's time."""

_d = deletions.c
_WAITING = (
    select(_d.arn, _d.id, _d.kind, _d.app_instance_id)
    .order_by(_d.create_time, _d.arn, _d.id)
    .limit(ROWS_AT_ONCE)
)
_DONE = delete(deletions).where(_d.arn == bindparam("of_arn"), _d.id == bindparam("of_row"))
_DELETE_APP_INSTANCE = delete(app_instances).where(
    app_instances.c.id == bindparam("of_id"), app_instances.c.state == DELETING
)


class _Rows:
    """The rows of one table that belong to an app instance, cleared in the order of their key."""

    def __init__(self, table: Table, owner: str, *key: str, and_not: tuple[str, str] | None = None):
        columns: list[Column[Any]] = [table.c[name] for name in key]
        of = [table.c[owner] == bindparam("of_id")]
        if and_not:
            of.append(table.c[and_not[0]] != and_not[1])
        upto = tuple_(*columns) <= tuple_(
            *(bindparam(f"last_{name}", type_=table.c[name].type) for name in key)
        )
        self._key = key
        self._last: Select[Any] = (
            select(*columns).where(*of).order_by(*columns).limit(1).offset(ROWS_AT_ONCE - 1)
        )
        self._delete_some: Delete = delete(table).where(*of, upto)
        self._delete_rest: Delete = delete(table).where(*of)

    async def clear_some(self, transaction: Transaction, app_instance_id: str) -> int:
        """How many were cleared; less than `ROWS_AT_ONCE` were the last."""
        of = {"of_id": app_instance_id}
        last = await transaction.fetch(self._last, of)
        if not last:
            return await transaction.execute(self._delete_rest, of)
        bounds = {f"last_{name}": value for name, value in zip(self._key, last[0], strict=True)}
        return await transaction.execute(self._delete_some, {**of, **bounds})


_BELOW = (
    _Rows(app_instance_admins, "app_instance_id", "kind", "member_id"),
    _Rows(app_instance_users, "app_instance_id", "user_id"),  # their endpoints with them
    _Rows(app_instance_bots, "app_instance_id", "bot_id"),
    _Rows(client_request_tokens, "owner", "scope", "token"),
    _Rows(deletions, "app_instance_id", "arn", "id", and_not=("kind", APP_INSTANCE)),
)


class Clearing:
    """A piece of the job."""

    def __init__(self, store: Store, dependents: Sequence[Dependents], lease: Lease) -> None:
        self._store = store
        self._dependents = dependents
        self._lease = lease

    async def __call__(self) -> bool:
        """Clear some hundred rows; True when nothing waits any more."""
        waiting = await self._store.fetch(_WAITING)
        if waiting and waiting[0][2] == APP_INSTANCE:
            await self._clear_app_instance(waiting[0])
        else:
            await self._clear_members(waiting)
        return not waiting

    async def _clear_app_instance(self, entry: Row) -> None:
        arn, row_id, _, app_instance_id = entry
        for each in self._dependents:
            if not await each.remove_app_instance(arn):
                return

        async def work(transaction: Transaction) -> None:
            await self._lease.hold(transaction)
            left = ROWS_AT_ONCE
            for rows in _BELOW:
                left -= await rows.clear_some(transaction, app_instance_id)
                if left <= 0:
                    return
            await transaction.execute(_DELETE_APP_INSTANCE, {"of_id": app_instance_id})
            await transaction.execute(_DONE, {"of_arn": arn, "of_row": row_id})

        await self._store.write(work)

    async def _clear_members(self, entries: Sequence[Row]) -> None:
        done = []
        for arn, row_id, kind, _ in entries:
            if kind == APP_INSTANCE:
                break
            for each in self._dependents:
                if not await each.remove_member(arn, row_id):
                    break
            else:
                done.append({"of_arn": arn, "of_row": row_id})
                continue
            break

        async def work(transaction: Transaction) -> None:
            await self._lease.hold(transaction)
            for each in done:
                await transaction.execute(_DONE, each)

        if done:
            await self._store.write(work)
