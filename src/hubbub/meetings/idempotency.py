"""ClientRequestToken: the same token with the same input gets the same meeting (A.5).

Two invariants: *a token and the meeting made with it are committed together*; *a token whose
meeting has ended is as good as new*. The unique key of the table orders two identical calls in
flight: the second waits, and finds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import bindparam, exists, select, update

from hubbub.meetings.errors import conflict
from hubbub.store.contract import Transaction
from hubbub.store.inserts import insert_absent
from hubbub.store.tables import client_request_tokens, meetings
from hubbub.wire.tags import tag_map

SCOPE = "meeting"

_t = client_request_tokens.c
_OF = (
    _t.owner == bindparam("of_owner"),
    _t.scope == SCOPE,
    _t.token == bindparam("of_token"),
)
_REMEMBER = insert_absent(client_request_tokens)
_FIRST = (
    select(
        _t.digest,
        _t.resource_id,
        exists().where(meetings.c.id == _t.resource_id, meetings.c.end_time == 0),
    )
    .where(*_OF)
    .with_for_update()
)
_REBIND = (
    update(client_request_tokens)
    .where(*_OF)
    .values(
        digest=bindparam("new_digest"),
        resource_id=bindparam("new_resource_id"),
        create_time=bindparam("now"),
    )
)


class Replayed(Exception):
    """The call was answered before. Raised out of the transaction, which it thereby undoes."""

    def __init__(self, meeting_id: str) -> None:
        super().__init__(meeting_id)
        self.meeting_id = meeting_id


@dataclass(frozen=True, slots=True)
class RequestToken:
    """The token of one call of CreateMeeting or CreateMeetingWithAttendees."""

    owner: str
    token: str
    digest: str

    @classmethod
    def of(
        cls, account_id: str, region: str, operation: str, request: Mapping[str, Any]
    ) -> RequestToken:
        """Of a call with this input: all members count, Tags as a map."""
        content = {name: value for name, value in request.items() if name != "ClientRequestToken"}
        content["Tags"] = tag_map(content.get("Tags"))
        encoded = orjson.dumps([operation, content], option=orjson.OPT_SORT_KEYS)
        digest = hashlib.blake2b(encoded, digest_size=16).hexdigest()
        return cls(f"{account_id} {region}", request["ClientRequestToken"], digest)

    async def spend(self, transaction: Transaction, meeting_id: str, now: int) -> None:
        """Tie the token to the meeting that this transaction makes.

        Raises Replayed with the id of the one it has made before, ConflictException if that was
        with other input.
        """
        row = {"owner": self.owner, "scope": SCOPE, "token": self.token, "digest": self.digest}
        made = {"resource_id": meeting_id, "create_time": now}
        if await transaction.execute(_REMEMBER, {**row, **made}):
            return
        of = {"of_owner": self.owner, "of_token": self.token}
        found = await transaction.fetch(_FIRST, of)
        digest, earlier, lives = found[0] if found else ("", "", True)
        if not lives:
            values = {"new_digest": self.digest, "new_resource_id": meeting_id, "now": now}
            await transaction.execute(_REBIND, {**of, **values})
        elif digest == self.digest:
            raise Replayed(earlier)
        else:
            raise conflict("The client request token was used for a request with other parameters")
