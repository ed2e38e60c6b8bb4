"""Leases: what one node has until it gives it back, or gives no sign of life for too long."""

from __future__ import annotations

from sqlalchemy import bindparam, or_, update

from hubbub.store.contract import Transaction
from hubbub.store.inserts import insert_absent
from hubbub.store.tables import leases

_l = leases.c
_START = insert_absent(leases)
_TAKE = (
    update(leases)
    .where(
        _l.name == bindparam("of_name"),
        or_(_l.holder == bindparam("of_holder"), _l.end_time <= bindparam("now")),
    )
    .values(holder=bindparam("of_holder", type_=_l.holder.type), end_time=bindparam("until"))
)


async def take_lease(tx: Transaction, name: str, holder: str, *, now: int, until: int) -> bool:
    """Get the lease, or keep it, until then; False while another holder has it."""
    of = {"of_name": name, "of_holder": holder, "now": now, "until": until}
    if await tx.execute(_TAKE, of):
        return True
    row = {"name": name, "holder": holder, "end_time": until}
    return await tx.execute(_START, row) > 0
