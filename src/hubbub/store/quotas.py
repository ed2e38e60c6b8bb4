"""Exact counts of what an account has, for quotas that hold under concurrent creation."""

from __future__ import annotations

from sqlalchemy import bindparam, select, text, update

from hubbub.store.contract import Transaction
from hubbub.store.tables import quota_counts as q

_of = (
    q.c.account_id == bindparam("of_account"),
    q.c.region == bindparam("of_region"),
    q.c.kind == bindparam("of_kind"),
)
_TAKE = update(q).where(*_of, q.c.count < bindparam("limit")).values(count=q.c.count + 1)
_GIVE_BACK = update(q).where(*_of, q.c.count > 0).values(count=q.c.count - 1)
_COUNT = select(q.c.count).where(*_of)
_START = text(
    "INSERT INTO quota_counts (account_id, region, kind, count)"
    " VALUES (:of_account, :of_region, :of_kind, 0) ON CONFLICT DO NOTHING"
)


async def take(tx: Transaction, account_id: str, region: str, kind: str, limit: int) -> bool:
    """Count one more; False, and nothing changed, when there are `limit` already."""
    of = {"of_account": account_id, "of_region": region, "of_kind": kind}
    if await tx.execute(_TAKE, {**of, "limit": limit}):
        return True
    if await tx.fetch(_COUNT, of):
        return False
    await tx.execute(_START, of)
    return await tx.execute(_TAKE, {**of, "limit": limit}) > 0


async def give_back(tx: Transaction, account_id: str, region: str, kind: str) -> None:
    """Count one less. For a row that the same transaction has deleted."""
    await tx.execute(_GIVE_BACK, {"of_account": account_id, "of_region": region, "of_kind": kind})
