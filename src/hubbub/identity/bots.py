"""CreateAppInstanceBot, DescribeAppInstanceBot, UpdateAppInstanceBot, DeleteAppInstanceBot,
ListAppInstanceBots (spec 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, insert, select, update

from hubbub.identity.alive import IS_LIVE, LIVE, hold_live, require_live
from hubbub.identity.arns import APP_INSTANCE, BOT, own
from hubbub.identity.directory import Directory
from hubbub.identity.errors import forbidden, not_found
from hubbub.identity.idempotency import Replayed, RequestToken, resource_gone
from hubbub.identity.pages import Page, after
from hubbub.identity.removal import Removal
from hubbub.identity.update_times import moved
from hubbub.store.clock import Clock
from hubbub.store.columns import json_text, new_id, optional, optional_value, tag_column
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import app_instance_bots, app_instances
from hubbub.wire.errors import ServiceError
from hubbub.wire.pagetokens import PageTokens
from hubbub.wire.service import Call, Output

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.type_defs import (
        CreateAppInstanceBotRequestTypeDef,
        DeleteAppInstanceBotRequestTypeDef,
        DescribeAppInstanceBotRequestTypeDef,
        ListAppInstanceBotsRequestTypeDef,
        UpdateAppInstanceBotRequestTypeDef,
    )

_a = app_instances.c
_b = app_instance_bots.c
_OF = (_b.app_instance_id == bindparam("of_id"), _b.bot_id == bindparam("of_member"))
_INSERT = insert(app_instance_bots)
_FIND = (
    select(_b.name, _b.metadata, _b.configuration, _b.create_time, _b.update_time)
    .join(app_instances, _b.app_instance_id == _a.id)
    .where(LIVE, _b.bot_id == bindparam("of_member"))
)
_UPDATE = (
    update(app_instance_bots)
    .where(*_OF, IS_LIVE)
    .values(
        name=bindparam("new_name"),
        metadata=bindparam("new_metadata"),
        update_time=moved(_b.update_time),
    )
)
_UPDATE_ALL = _UPDATE.values(configuration=bindparam("new_configuration"))
_LIST = (
    select(_b.bot_id, _b.name, _b.metadata, _b.create_time)
    .where(_b.app_instance_id == bindparam("of_id"), IS_LIVE, after(_b.create_time, _b.bot_id))
    .order_by(_b.create_time, _b.bot_id)
    .limit(bindparam("count"))
)


class Bots:
    """The life of app instance bots."""

    def __init__(
        self,
        *,
        store: Store,
        tokens: PageTokens,
        directory: Directory,
        removal: Removal,
        clock: Clock,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._directory = directory
        self._removal = removal
        self._clock = clock

    async def create(self, call: Call, request: CreateAppInstanceBotRequestTypeDef) -> Output:
        parent = own(call, request["AppInstanceArn"], APP_INSTANCE)
        place = parent._replace(kind=BOT, member_id=new_id())
        now = self._clock.microseconds()
        row: dict[str, str | int] = {
            "app_instance_id": place.app_instance_id,
            "bot_id": place.member_id,
            "name": optional(request.get("Name")),
            "metadata": optional(request.get("Metadata")),
            "configuration": json_text(request["Configuration"]),
            "create_time": now,
            "update_time": now,
            "tags": tag_column(request.get("Tags")),
        }
        token = RequestToken.of(place.app_instance_id, BOT, request)

        async def work(transaction: Transaction) -> None:
            await hold_live(transaction, place)
            await token.spend(transaction, place.member_id, now)
            await transaction.execute(_INSERT, row)

        try:
            await self._store.write(work)
        except Replayed as earlier:
            place = parent._replace(kind=BOT, member_id=earlier.resource_id)
            if not await self._store.fetch(_FIND, place.parameters):
                raise resource_gone() from None
        return {"AppInstanceBotArn": place.arn}

    async def describe(self, call: Call, request: DescribeAppInstanceBotRequestTypeDef) -> Output:
        """The one operation that answers NotFoundException (spec 1.5)."""
        try:
            place = own(call, request["AppInstanceBotArn"], BOT)
        except ServiceError:
            raise not_found(BOT) from None
        found = await self._store.fetch(_FIND, place.parameters)
        if not found:
            raise not_found(BOT)
        name, metadata, configuration, create_time, update_time = found[0]
        return {
            "AppInstanceBot": {
                "AppInstanceBotArn": place.arn,
                "Name": optional_value(name),
                "Configuration": orjson.loads(configuration),
                "CreatedTimestamp": create_time,
                "LastUpdatedTimestamp": update_time,
                "Metadata": optional_value(metadata),
            }
        }

    async def update(self, call: Call, request: UpdateAppInstanceBotRequestTypeDef) -> Output:
        """An absent Configuration stays as it is; Name and Metadata are replaced."""
        place = own(call, request["AppInstanceBotArn"], BOT)
        values: dict[str, Any] = {
            **place.parameters,
            "new_name": optional(request["Name"]),
            "new_metadata": optional(request["Metadata"]),
            "now": self._clock.microseconds(),
        }
        statement = _UPDATE
        if (configuration := request.get("Configuration")) is not None:
            statement = _UPDATE_ALL
            values["new_configuration"] = json_text(configuration)

        async def work(transaction: Transaction) -> None:
            if not await transaction.execute(statement, values):
                raise forbidden(BOT)

        await self._store.write(work)
        self._directory.forget(place)
        return {"AppInstanceBotArn": place.arn}

    async def list(self, call: Call, request: ListAppInstanceBotsRequestTypeDef) -> Output:
        page = Page(self._tokens, call, request)
        parent = own(call, request["AppInstanceArn"], APP_INSTANCE)
        found = await self._store.fetch(_LIST, {**parent.parameters, **page.parameters})
        if not found:
            await require_live(self._store, parent)
        rows, more = page.cut(found, time_at=3, key_at=0)
        summaries = [
            {
                "AppInstanceBotArn": f"{parent.arn}/{BOT}/{bot_id}",
                "Name": optional_value(name),
                "Metadata": optional_value(metadata),
            }
            for bot_id, name, metadata, _ in rows
        ]
        return {"AppInstanceArn": parent.arn, "AppInstanceBots": summaries, "NextToken": more}

    async def delete(self, call: Call, request: DeleteAppInstanceBotRequestTypeDef) -> None:
        await self._removal.remove(own(call, request["AppInstanceBotArn"], BOT))
