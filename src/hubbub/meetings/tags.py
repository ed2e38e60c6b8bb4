"""ListTagsForResource, TagResource, UntagResource (chime-meetings A.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import bindparam, select, update

from hubbub.meetings.arns import own_meeting_id
from hubbub.meetings.errors import resource_not_found, too_many_tags
from hubbub.meetings.records import LIVE, m, place
from hubbub.store.columns import json_text
from hubbub.store.contract import Row, Store, Transaction
from hubbub.store.tables import meetings
from hubbub.wire.service import Call, Output
from hubbub.wire.tags import MAX_TAGS, tag_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_chime_sdk_meetings.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )

_READ = select(m.tags).where(*LIVE)
_READ_TO_CHANGE = _READ.with_for_update()
_WRITE = update(meetings).where(*LIVE).values(tags=bindparam("new_tags"))


class Tags:
    """Tags of meetings; they die with them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, call: Call, request: ListTagsForResourceRequestTypeDef) -> Output:
        arn = request["ResourceARN"]
        tags = _tags(await self._store.fetch(_READ, _own(call, arn)), arn)
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    async def add(self, call: Call, request: TagResourceRequestTypeDef) -> None:
        """Adds and overwrites, keeps the others."""
        arn = request["ResourceARN"]
        of = _own(call, arn)
        given = tag_map(request["Tags"])

        async def work(transaction: Transaction) -> None:
            tags = _tags(await transaction.fetch(_READ_TO_CHANGE, of), arn)
            tags.update(given)
            if len(tags) > MAX_TAGS:
                raise too_many_tags(arn, MAX_TAGS)
            await transaction.execute(_WRITE, {**of, "new_tags": json_text(tags)})

        await self._store.write(work)

    async def remove(self, call: Call, request: UntagResourceRequestTypeDef) -> None:
        """Keys that are not there are no error."""
        arn = request["ResourceARN"]
        of = _own(call, arn)
        keys = frozenset(request["TagKeys"])

        async def work(transaction: Transaction) -> None:
            tags = _tags(await transaction.fetch(_READ_TO_CHANGE, of), arn)
            kept = {key: value for key, value in tags.items() if key not in keys}
            await transaction.execute(_WRITE, {**of, "new_tags": json_text(kept)})

        await self._store.write(work)

    async def of(self, call: Call, arn: str) -> Mapping[str, str]:
        """The tags of what an ARN names, for conditions of policies; none if it is not there."""
        meeting_id = own_meeting_id(call, arn)
        if meeting_id is None:
            return {}
        found = await self._store.fetch(_READ, place(call, meeting_id))
        return _tags(found, arn) if found else {}


def _own(call: Call, arn: str) -> dict[str, str]:
    meeting_id = own_meeting_id(call, arn)
    if meeting_id is None:
        raise resource_not_found(arn)
    return place(call, meeting_id)


def _tags(rows: Sequence[Row], arn: str) -> dict[str, str]:
    if not rows:
        raise resource_not_found(arn)
    tags: dict[str, str] = orjson.loads(rows[0][0])
    return tags
