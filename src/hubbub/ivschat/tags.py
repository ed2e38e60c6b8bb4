"""ListTagsForResource, TagResource, UntagResource (spec 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Select, Table, Update, bindparam, select, update

from hubbub.ivschat.errors import not_found
from hubbub.ivschat.ownership import require_own
from hubbub.ivschat.tag_rules import tag_failures
from hubbub.store.columns import json_text
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import logging_configurations, rooms
from hubbub.wire.errors import Failure, ValidationFailure
from hubbub.wire.service import Call
from hubbub.wire.tags import MAX_TAGS

if TYPE_CHECKING:
    from types_boto3_ivschat.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )

RESOURCE_ARN = "arn:aws:ivschat:[a-z0-9-]+:[0-9]+:(room|logging-configuration)/[a-zA-Z0-9-]+"
"""The pattern meant. The model's own, taken literally, fits no ARN."""


def _read(table: Table) -> Select[tuple[str]]:
    return select(table.c.tags).where(table.c.arn == bindparam("of_arn"))


def _write(table: Table) -> Update:
    return (
        update(table).where(table.c.arn == bindparam("of_arn")).values(tags=bindparam("new_tags"))
    )


_READ = {"room": _read(rooms), "logging-configuration": _read(logging_configurations)}
_READ_TO_CHANGE = {kind: statement.with_for_update() for kind, statement in _READ.items()}
_WRITE = {"room": _write(rooms), "logging-configuration": _write(logging_configurations)}
"""Kind of resource -> statement."""


def _kind(arn: str) -> str:
    return arn.split(":", 5)[5].partition("/")[0]


class Tags:
    """Tags of rooms and logging configurations; their updateTime does not move."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(
        self, call: Call, request: ListTagsForResourceRequestTypeDef
    ) -> dict[str, dict[str, str]]:
        arn = request["resourceArn"]
        require_own(call, arn)
        found = await self._store.fetch(_READ[_kind(arn)], {"of_arn": arn})
        if not found:
            raise not_found(arn)
        return {"tags": orjson.loads(found[0][0])}

    async def read(self, arn: str) -> dict[str, str]:
        """The tags of a resource; none when there is no such resource."""
        found = await self._store.fetch(_READ[_kind(arn)], {"of_arn": arn})
        tags: dict[str, str] = orjson.loads(found[0][0]) if found else {}
        return tags

    async def add(self, call: Call, request: TagResourceRequestTypeDef) -> None:
        """Adds and overwrites, keeps the others."""
        arn, given = request["resourceArn"], dict(request["tags"])
        failures = tag_failures(given)
        if failures:
            raise ValidationFailure(failures)
        require_own(call, arn)

        async def work(transaction: Transaction) -> None:
            tags = await self._tags(transaction, arn)
            tags.update(given)
            if len(tags) > MAX_TAGS:
                raise ValidationFailure(
                    [Failure("tags", f"must not make more than {MAX_TAGS} tags in all")]
                )
            await self._replace(transaction, arn, tags)

        await self._store.write(work)

    async def remove(self, call: Call, request: UntagResourceRequestTypeDef) -> None:
        """Keys that are not there are no error."""
        arn, keys = request["resourceArn"], frozenset(request["tagKeys"])
        require_own(call, arn)

        async def work(transaction: Transaction) -> None:
            tags = await self._tags(transaction, arn)
            kept = {key: value for key, value in tags.items() if key not in keys}
            await self._replace(transaction, arn, kept)

        await self._store.write(work)

    @staticmethod
    async def _tags(transaction: Transaction, arn: str) -> dict[str, str]:
        found = await transaction.fetch(_READ_TO_CHANGE[_kind(arn)], {"of_arn": arn})
        if not found:
            raise not_found(arn)
        tags: dict[str, str] = orjson.loads(found[0][0])
        return tags

    @staticmethod
    async def _replace(transaction: Transaction, arn: str, tags: dict[str, str]) -> None:
        parameters = {"of_arn": arn, "new_tags": json_text(tags)}
        await transaction.execute(_WRITE[_kind(arn)], parameters)
