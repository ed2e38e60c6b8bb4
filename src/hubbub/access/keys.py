"""Access keys in the database: create, list, revoke. Secrets are sealed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from hubbub.access.keyring import Keyring
from hubbub.access.policies import parse_policy
from hubbub.access.sealing import SealBroken
from hubbub.access.texts import new_access_key_id, new_secret
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import access_keys

_ADD = insert(access_keys)
_REMOVE = delete(access_keys).where(access_keys.c.access_key_id == bindparam("of"))
_LIST = select(
    access_keys.c.access_key_id,
    access_keys.c.account_id,
    access_keys.c.create_time,
    access_keys.c.policy != "",
).order_by(access_keys.c.account_id, access_keys.c.create_time, access_keys.c.access_key_id)
_ONE = select(access_keys.c.account_id, access_keys.c.sealed_secret, access_keys.c.policy).where(
    access_keys.c.access_key_id == bindparam("of")
)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as it is listed; its secret is shown once, when it is made."""

    access_key_id: str
    account_id: str
    create_time: int  # epoch microseconds
    has_policy: bool


@dataclass(frozen=True, slots=True)
class NewAccessKey:
    access_key_id: str
    secret_access_key: str = field(repr=False)
    account_id: str


class StoredKey(NamedTuple):
    account_id: str
    sealed_secret: bytes
    policy: str  # "": it may do everything in its account


class AccessKeys:
    """The keys of all accounts, beside root keys."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._sealer = keyring.sealer("access-keys")

    async def create(self, account_id: str, policy: str = "") -> NewAccessKey:
        """`policy`: an IAM policy document; PolicyError if it is none. "": no limits."""
        if policy:
            parse_policy(policy)
        new = NewAccessKey(new_access_key_id("AKIA"), new_secret(), account_id)
        row = {
            "access_key_id": new.access_key_id,
            "account_id": account_id,
            "sealed_secret": self._sealer.seal(
                new.secret_access_key.encode(), new.access_key_id.encode()
            ),
            "create_time": time.time_ns() // 1000,
            "policy": policy,
        }

        async def work(tx: Transaction) -> None:
            await tx.execute(_ADD, row)

        await self._store.write(work)
        return new

    async def list(self) -> Sequence[AccessKey]:
        """All of them, by account, the oldest first."""
        rows = await self._store.fetch(_LIST)
        return [AccessKey(key, account, made, bool(policy)) for key, account, made, policy in rows]

    async def delete(self, access_key_id: str) -> bool:
        """Revoke a key, and with it the temporary credentials made from it. False: none such."""

        async def work(tx: Transaction) -> int:
            return await tx.execute(_REMOVE, {"of": access_key_id})

        return await self._store.write(work) > 0

    async def find(self, access_key_id: str) -> StoredKey | None:
        for row in await self._store.fetch(_ONE, {"of": access_key_id}):
            return StoredKey(*row)
        return None

    def secret_of(self, access_key_id: str, sealed_secret: bytes) -> str | None:
        """None: another data key sealed it, or the row was altered."""
        try:
            return self._sealer.open(sealed_secret, access_key_id.encode()).decode()
        except SealBroken:
            return None
