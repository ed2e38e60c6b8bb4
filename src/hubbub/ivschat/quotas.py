"""How many rooms and logging configurations an account has in a region (spec 9).

One invariant: *the count changes in the same transaction as what it counts*.
"""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select, update

from hubbub.ivschat.errors import quota_exceeded
from hubbub.store.contract import Transaction
from hubbub.store.tables import quota_counts
from hubbub.wire.service import Call

_counts = quota_counts.c
_WHERE = (
    _counts.account_id == bindparam("account"),
    _counts.region == bindparam("in_region"),
    _counts.kind == bindparam("of_kind"),
)
_TAKE = (
    update(quota_counts)
    .where(*_WHERE, _counts["count"] < bindparam("limit"))
    .values(count=_counts["count"] + 1)
)
_GIVE_BACK = update(quota_counts).where(*_WHERE).values(count=_counts["count"] - 1)
_READ = select(_counts["count"]).where(*_WHERE)
_START = insert(quota_counts).values(
    account_id=bindparam("account"),
    region=bindparam("in_region"),
    kind=bindparam("of_kind"),
    count=1,
)


async def take(transaction: Transaction, call: Call, kind: str, what: str, limit: int) -> None:
    """Count one more, or raise ServiceQuotaExceededException. ``what`` names them in its text."""
    parameters = {"account": call.account_id, "in_region": call.region, "of_kind": kind}
    if await transaction.execute(_TAKE, {**parameters, "limit": limit}):
        return
    if await transaction.fetch(_READ, parameters):
        raise quota_exceeded(call, what, limit)
    await transaction.execute(_START, parameters)


async def give_back(transaction: Transaction, call: Call, kind: str) -> None:
    parameters = {"account": call.account_id, "in_region": call.region, "of_kind": kind}
    await transaction.execute(_GIVE_BACK, parameters)
