"""Who does the background work: one node at a time.

One invariant: *a step of the job is committed only while its node holds the lease*. Where a
database has one server only, that has the lease for good.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Protocol

from sqlalchemy import bindparam, delete

from hubbub.store.clock import Clock
from hubbub.store.contract import Store, StoreUnavailable, Transaction
from hubbub.store.leases import take_lease
from hubbub.store.tables import leases

LEASE_MICROSECONDS = 20 * 1_000_000
"""How long the others wait when the node that does the work has died."""

_l = leases.c
_RELEASE = delete(leases).where(
    _l.name == bindparam("of_name"), _l.holder == bindparam("of_holder")
)


class Lost(Exception):
    """Another node does the work now. Raised in a transaction, which it undoes."""


class Lease(Protocol):
    async def take(self) -> bool:
        """Get the lease, or keep it; False while another node has it."""
        ...

    async def hold(self, transaction: Transaction) -> None:
        """Keep it for a step in this transaction. Raises Lost."""
        ...

    async def release(self) -> None: ...


class SoleLease:
    """Of a database that has one server only."""

    async def take(self) -> bool:
        return True

    async def hold(self, transaction: Transaction) -> None:
        pass

    async def release(self) -> None:
        pass


class StoredLease:
    """Of a database that nodes share; `clock` is theirs, which differ by far less than a lease."""

    def __init__(self, store: Store, name: str, clock: Clock) -> None:
        self._store = store
        self._name = name
        self._holder = secrets.token_hex(8)
        self._clock = clock

    async def take(self) -> bool:
        return await self._store.write(self._take)

    async def hold(self, transaction: Transaction) -> None:
        if not await self._take(transaction):
            raise Lost

    async def release(self) -> None:
        async def work(transaction: Transaction) -> None:
            await transaction.execute(_RELEASE, {"of_name": self._name, "of_holder": self._holder})

        with suppress(StoreUnavailable):  # it runs out by itself
            await self._store.write(work)

    async def _take(self, transaction: Transaction) -> bool:
        now = self._clock.microseconds()
        until = now + LEASE_MICROSECONDS
        return await take_lease(transaction, self._name, self._holder, now=now, until=until)
