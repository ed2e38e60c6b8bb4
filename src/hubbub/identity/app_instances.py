"""CreateAppInstance, DescribeAppInstance, UpdateAppInstance, DeleteAppInstance (spec 4.1, 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select, update

from hubbub.identity.alive import ACTIVE, DELETING, LIVE
from hubbub.identity.arns import APP_INSTANCE, Place, app_instance_arn, own
from hubbub.identity.deletions import Deletions
from hubbub.identity.errors import forbidden, limit_exceeded
from hubbub.identity.idempotency import Replayed, RequestToken, resource_gone
from hubbub.identity.pages import Page, after
from hubbub.identity.update_times import moved
from hubbub.settings import Limits
from hubbub.store import quotas
from hubbub.store.clock import Clock
from hubbub.store.columns import new_id, optional, optional_value, tag_column
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import app_instances
from hubbub.wire.pagetokens import PageTokens
from hubbub.wire.service import Call, Output

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.type_defs import (
        CreateAppInstanceRequestTypeDef,
        DeleteAppInstanceRequestTypeDef,
        DescribeAppInstanceRequestTypeDef,
        ListAppInstancesRequestTypeDef,
        UpdateAppInstanceRequestTypeDef,
    )

_a = app_instances.c
_INSERT = insert(app_instances)
_DESCRIBE = select(_a.name, _a.metadata, _a.create_time, _a.update_time).where(LIVE)
_UPDATE = (
    update(app_instances)
    .where(LIVE)
    .values(
        name=bindparam("new_name"),
        metadata=bindparam("new_metadata"),
        update_time=moved(_a.update_time),
    )
)
_MARK = update(app_instances).where(LIVE).values(state=DELETING)
_LIST = (
    select(_a.id, _a.name, _a.metadata, _a.create_time)
    .where(
        _a.account_id == bindparam("of_account"),
        _a.region == bindparam("of_region"),
        _a.state == ACTIVE,
        after(_a.create_time, _a.id),
    )
    .order_by(_a.create_time, _a.id)
    .limit(bindparam("count"))
)


class AppInstances:
    """The life of app instances."""

    def __init__(
        self,
        *,
        store: Store,
        tokens: PageTokens,
        deletions: Deletions,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._deletions = deletions
        self._clock = clock
        self._limits = limits

    async def create(self, call: Call, request: CreateAppInstanceRequestTypeDef) -> Output:
        now = self._clock.microseconds()
        row: dict[str, str | int] = {
            "id": new_id(),
            "account_id": call.account_id,
            "region": call.region,
            "state": ACTIVE,
            "name": request["Name"],
            "metadata": optional(request.get("Metadata")),
            "create_time": now,
            "update_time": now,
            "users": 0,
            "admins": 0,
            "retention_days": 0,
            "retention_time": 0,
            "tags": tag_column(request.get("Tags")),
        }
        token = RequestToken.of(f"{call.account_id} {call.region}", call.operation, request)

        async def work(transaction: Transaction) -> None:
            await token.spend(transaction, str(row["id"]), now)
            owner = (call.account_id, call.region, APP_INSTANCE)
            if not await quotas.take(transaction, *owner, limit=self._limits.app_instances):
                raise limit_exceeded("app instances", self._limits.app_instances)
            await transaction.execute(_INSERT, row)

        try:
            await self._store.write(work)
        except Replayed as earlier:
            return await self._replayed(call, earlier.resource_id)
        return {"AppInstanceArn": app_instance_arn(call.region, call.account_id, str(row["id"]))}

    async def _replayed(self, call: Call, app_instance_id: str) -> Output:
        place = Place(call.region, call.account_id, app_instance_id, APP_INSTANCE)
        if not await self._store.fetch(_DESCRIBE, place.parameters):
            raise resource_gone()
        return {"AppInstanceArn": place.arn}

    async def describe(self, call: Call, request: DescribeAppInstanceRequestTypeDef) -> Output:
        place = own(call, request["AppInstanceArn"], APP_INSTANCE)
        found = await self._store.fetch(_DESCRIBE, place.parameters)
        if not found:
            raise forbidden(APP_INSTANCE)
        name, metadata, create_time, update_time = found[0]
        return {
            "AppInstance": {
                "AppInstanceArn": place.arn,
                "Name": name,
                "Metadata": optional_value(metadata),
                "CreatedTimestamp": create_time,
                "LastUpdatedTimestamp": update_time,
            }
        }

    async def update(self, call: Call, request: UpdateAppInstanceRequestTypeDef) -> Output:
        place = own(call, request["AppInstanceArn"], APP_INSTANCE)
        values = {
            **place.parameters,
            "new_name": request["Name"],
            "new_metadata": optional(request["Metadata"]),
            "now": self._clock.microseconds(),
        }

        async def work(transaction: Transaction) -> None:
            if not await transaction.execute(_UPDATE, values):
                raise forbidden(APP_INSTANCE)

        await self._store.write(work)
        return {"AppInstanceArn": place.arn}

    async def list(self, call: Call, request: ListAppInstancesRequestTypeDef) -> Output:
        page = Page(self._tokens, call, request)
        found = await self._store.fetch(
            _LIST,
            {"of_account": call.account_id, "of_region": call.region, **page.parameters},
        )
        rows, more = page.cut(found, time_at=3, key_at=0)
        summaries = [
            {
                "AppInstanceArn": app_instance_arn(call.region, call.account_id, row[0]),
                "Name": row[1],
                "Metadata": optional_value(row[2]),
            }
            for row in rows
        ]
        return {"AppInstances": summaries, "NextToken": more}

    async def delete(self, call: Call, request: DeleteAppInstanceRequestTypeDef) -> None:
        """Hides it at once, with all that is below it; the rest is the job's."""
        place = own(call, request["AppInstanceArn"], APP_INSTANCE)
        now = self._clock.microseconds()

        async def work(transaction: Transaction) -> None:
            if not await transaction.execute(_MARK, place.parameters):
                raise forbidden(APP_INSTANCE)
            await quotas.give_back(transaction, call.account_id, call.region, APP_INSTANCE)
            await self._deletions.add(transaction, place, place.app_instance_id, now)

        await self._store.write(work)
        await self._deletions.announce(place)
