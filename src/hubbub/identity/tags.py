"""ListTagsForResource, TagResource, UntagResource (spec 4.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Select, Update, bindparam, select, update

from hubbub.identity.alive import IS_LIVE, LIVE
from hubbub.identity.arns import APP_INSTANCE, BOT, USER, Place, own, placed
from hubbub.identity.errors import forbidden, limit_exceeded
from hubbub.store.columns import json_text
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import app_instance_bots, app_instance_users, app_instances
from hubbub.wire.service import Call, Output
from hubbub.wire.tags import MAX_TAGS, tag_map

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )

_u = app_instance_users.c
_b = app_instance_bots.c
_OF_USER = (_u.app_instance_id == bindparam("of_id"), _u.user_id == bindparam("of_member"), IS_LIVE)
_OF_BOT = (_b.app_instance_id == bindparam("of_id"), _b.bot_id == bindparam("of_member"), IS_LIVE)
_READ: Mapping[str, Select[Any]] = {
    APP_INSTANCE: select(app_instances.c.tags).where(LIVE),
    USER: select(_u.tags).where(*_OF_USER),
    BOT: select(_b.tags).where(*_OF_BOT),
}
_READ_TO_CHANGE = {kind: statement.with_for_update() for kind, statement in _READ.items()}
_WRITE: Mapping[str, Update] = {
    APP_INSTANCE: update(app_instances).where(LIVE).values(tags=bindparam("new_tags")),
    USER: update(app_instance_users).where(*_OF_USER).values(tags=bindparam("new_tags")),
    BOT: update(app_instance_bots).where(*_OF_BOT).values(tags=bindparam("new_tags")),
}


class Tags:
    """Tags of app instances, users and bots; their LastUpdatedTimestamp does not move."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, call: Call, request: ListTagsForResourceRequestTypeDef) -> Output:
        place = _taggable(call, request["ResourceARN"])
        found = await self._store.fetch(_READ[place.kind], place.parameters)
        if not found:
            raise forbidden(place.kind)
        tags = orjson.loads(found[0][0])
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    async def add(self, call: Call, request: TagResourceRequestTypeDef) -> None:
        """Adds and overwrites, keeps the others."""
        place = _taggable(call, request["ResourceARN"])
        given = tag_map(request["Tags"])

        async def work(transaction: Transaction) -> None:
            tags = await _tags(transaction, place)
            tags.update(given)
            if len(tags) > MAX_TAGS:
                raise limit_exceeded("tags of a resource", MAX_TAGS)
            await _replace(transaction, place, tags)

        await self._store.write(work)

    async def remove(self, call: Call, request: UntagResourceRequestTypeDef) -> None:
        """Keys that are not there are no error."""
        place = _taggable(call, request["ResourceARN"])
        keys = frozenset(request["TagKeys"])

        async def work(transaction: Transaction) -> None:
            tags = await _tags(transaction, place)
            kept = {key: value for key, value in tags.items() if key not in keys}
            await _replace(transaction, place, kept)

        await self._store.write(work)

    async def of(self, call: Call, arn: str) -> Mapping[str, str]:
        """The tags of what an ARN names, for conditions of policies; none if it is not there.

        What is another account's or region's is not there.
        """
        place = placed(arn)
        if place is None or (place.account_id, place.region) != (call.account_id, call.region):
            return {}
        found = await self._store.fetch(_READ[place.kind], place.parameters)
        tags: Mapping[str, str] = orjson.loads(found[0][0]) if found else {}
        return tags


def _taggable(call: Call, arn: str) -> Place:
    return own(call, arn, APP_INSTANCE, USER, BOT)


async def _tags(transaction: Transaction, place: Place) -> dict[str, str]:
    found = await transaction.fetch(_READ_TO_CHANGE[place.kind], place.parameters)
    if not found:
        raise forbidden(place.kind)
    tags: dict[str, str] = orjson.loads(found[0][0])
    return tags


async def _replace(transaction: Transaction, place: Place, tags: Mapping[str, str]) -> None:
    parameters = {**place.parameters, "new_tags": json_text(tags)}
    await transaction.execute(_WRITE[place.kind], parameters)
