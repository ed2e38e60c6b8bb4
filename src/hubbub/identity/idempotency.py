"""ClientRequestToken: the same token with the same input gets the first result (spec 5).

One invariant: *a token and what was made with it are committed together*. The unique key of the
table orders two identical calls in flight, on one node or on several: the second waits, and finds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, select

from hubbub.identity.errors import conflict
from hubbub.identity.leases import Lease
from hubbub.store.clock import Clock
from hubbub.store.contract import Store, Transaction
from hubbub.store.inserts import insert_absent
from hubbub.store.tables import client_request_tokens
from hubbub.wire.tags import tag_map

KEPT_MICROSECONDS = 48 * 3600 * 1_000_000
TOKENS_AT_ONCE = 500

_t = client_request_tokens.c
_REMEMBER = insert_absent(client_request_tokens)
_FIRST = select(_t.digest, _t.resource_id).where(
    _t.owner == bindparam("owner"),
    _t.scope == bindparam("scope"),
    _t.token == bindparam("token"),
)
_NTH = (
    select(_t.create_time)
    .where(_t.create_time < bindparam("before"))
    .order_by(_t.create_time)
    .limit(1)
    .offset(TOKENS_AT_ONCE - 1)
)
_FORGET = delete(client_request_tokens).where(_t.create_time < bindparam("before"))


class Replayed(Exception):
    """The call was answered before. Raised out of the transaction, which it thereby undoes."""

    def __init__(self, resource_id: str) -> None:
        super().__init__(resource_id)
        self.resource_id = resource_id


@dataclass(frozen=True, slots=True)
class RequestToken:
    """The token of one call. `owner` is the app instance, or account and region."""

    owner: str
    scope: str
    token: str
    digest: str

    @classmethod
    def of(cls, owner: str, scope: str, request: Mapping[str, Any]) -> RequestToken:
        """Of a call with this input: all members count, Tags as a map."""
        content = {name: value for name, value in request.items() if name != "ClientRequestToken"}
        if tags := content.get("Tags"):
            content["Tags"] = tag_map(tags)
        else:
            content.pop("Tags", None)
        encoded = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.blake2b(encoded, digest_size=16).hexdigest()
        return cls(owner, scope, request["ClientRequestToken"], digest)

    async def spend(self, transaction: Transaction, resource_id: str, now: int) -> None:
        """Tie the token to what this transaction makes.

        Raises Replayed with the id of what it made before, ConflictException if that was with other
        input.
        """
        key = {"owner": self.owner, "scope": self.scope, "token": self.token}
        row = {**key, "digest": self.digest, "resource_id": resource_id, "create_time": now}
        if await transaction.execute(_REMEMBER, row):
            return
        found = await transaction.fetch(_FIRST, key)
        if not found or found[0][0] != self.digest:
            raise conflict("The client request token was used for a request with other parameters")
        raise Replayed(found[0][1])


def resource_gone() -> Exception:
    """The error for a replay of a call whose resource has been deleted since."""
    return conflict("What the client request token was used to create has been deleted")


class OldTokens:
    """A piece of the job: forgets tokens that nobody sends again."""

    def __init__(self, store: Store, lease: Lease, clock: Clock) -> None:
        self._store = store
        self._lease = lease
        self._clock = clock

    async def __call__(self) -> bool:
        """Forget some; True when there are no more."""
        before = self._clock.microseconds() - KEPT_MICROSECONDS

        async def work(transaction: Transaction) -> bool:
            await self._lease.hold(transaction)
            later = await transaction.fetch(_NTH, {"before": before})
            # Up to and with that one: at least it goes, however many were made at its time.
            until = later[0][0] + 1 if later else before
            await transaction.execute(_FORGET, {"before": until})
            return not later

        return await self._store.write(work)
