"""CreateAppInstanceUser, DescribeAppInstanceUser, UpdateAppInstanceUser, DeleteAppInstanceUser,
ListAppInstanceUsers, PutAppInstanceUserExpirationSettings (spec 4.2, 4.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from hubbub.identity.alive import IS_LIVE, LIVE, require_live
from hubbub.identity.arns import APP_INSTANCE, USER, own
from hubbub.identity.directory import Directory
from hubbub.identity.errors import conflict, forbidden, limit_exceeded
from hubbub.identity.expiration import expire_time, settings_of
from hubbub.identity.idempotency import Replayed, RequestToken, resource_gone
from hubbub.identity.pages import Page, after
from hubbub.identity.removal import Removal
from hubbub.identity.update_times import moved
from hubbub.settings import Limits
from hubbub.store.clock import Clock
from hubbub.store.columns import new_id, optional, optional_value, tag_column
from hubbub.store.contract import Store, Transaction
from hubbub.store.inserts import insert_absent
from hubbub.store.tables import app_instance_users, app_instances
from hubbub.wire.pagetokens import PageTokens
from hubbub.wire.service import Call, Output

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.type_defs import (
        CreateAppInstanceUserRequestTypeDef,
        DeleteAppInstanceUserRequestTypeDef,
        DescribeAppInstanceUserRequestTypeDef,
        ListAppInstanceUsersRequestTypeDef,
        PutAppInstanceUserExpirationSettingsRequestTypeDef,
        UpdateAppInstanceUserRequestTypeDef,
    )

_a = app_instances.c
_u = app_instance_users.c
_OF = (_u.app_instance_id == bindparam("of_id"), _u.user_id == bindparam("of_member"))
# Checks that the app instance lives, keeps it from being deleted meanwhile, and counts, in one.
_COUNT_ONE_MORE = (
    update(app_instances).where(LIVE, _a.users < bindparam("most")).values(users=_a.users + 1)
)
_INSERT = insert_absent(app_instance_users)
_EXISTS = select(_u.id).where(*_OF)
_FIND = (
    select(
        _u.name,
        _u.metadata,
        _u.create_time,
        _u.update_time,
        _u.expiration_days,
    )
    .join(app_instances, _u.app_instance_id == _a.id)
    .where(LIVE, _u.user_id == bindparam("of_member"))
)
_FIRST = (
    select(_u.id)
    .join(app_instances, _u.app_instance_id == _a.id)
    .where(LIVE, _u.user_id == bindparam("of_member"))
)
_UPDATE = (
    update(app_instance_users)
    .where(*_OF, IS_LIVE)
    .values(
        name=bindparam("new_name"),
        metadata=bindparam("new_metadata"),
        update_time=moved(_u.update_time),
    )
)
_TO_EXPIRE = select(_u.create_time).where(*_OF, IS_LIVE).with_for_update()
_EXPIRE = (
    update(app_instance_users)
    .where(*_OF)
    .values(expiration_days=bindparam("days"), expire_time=bindparam("at"))
)
_LIST = (
    select(_u.user_id, _u.name, _u.metadata, _u.create_time)
    .where(
        _u.app_instance_id == bindparam("of_id"),
        IS_LIVE,
        after(_u.create_time, _u.user_id),
    )
    .order_by(_u.create_time, _u.user_id)
    .limit(bindparam("count"))
)


class Users:
    """The life of app instance users."""

    def __init__(
        self,
        *,
        store: Store,
        tokens: PageTokens,
        directory: Directory,
        removal: Removal,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._directory = directory
        self._removal = removal
        self._clock = clock
        self._limits = limits

    async def create(self, call: Call, request: CreateAppInstanceUserRequestTypeDef) -> Output:
        parent = own(call, request["AppInstanceArn"], APP_INSTANCE)
        place = parent._replace(kind=USER, member_id=request["AppInstanceUserId"])
        settings = request.get("ExpirationSettings")
        days = settings["ExpirationDays"] if settings else 0
        now = self._clock.microseconds()
        row: dict[str, str | int] = {
            "app_instance_id": place.app_instance_id,
            "user_id": place.member_id,
            "id": new_id(),
            "name": request["Name"],
            "metadata": optional(request.get("Metadata")),
            "create_time": now,
            "update_time": now,
            "expiration_days": days,
            "expire_time": expire_time(now, days),
            "tags": tag_column(request.get("Tags")),
        }
        token = RequestToken.of(place.app_instance_id, USER, request)
        most = self._limits.app_instance_users

        async def work(transaction: Transaction) -> None:
            counted = await transaction.execute(_COUNT_ONE_MORE, {**place.parameters, "most": most})
            if not counted:
                await require_live(transaction, place)
            await token.spend(transaction, str(row["id"]), now)
            if not counted and not await transaction.fetch(_EXISTS, place.parameters):
                raise limit_exceeded("users of the app instance", most)
            if not await transaction.execute(_INSERT, row):
                raise conflict(f"The app instance user {place.member_id} exists already")

        try:
            await self._store.write(work)
        except Replayed as earlier:
            found = await self._store.fetch(_FIRST, place.parameters)
            if not found or found[0][0] != earlier.resource_id:
                raise resource_gone() from None
        return {"AppInstanceUserArn": place.arn}

    async def describe(self, call: Call, request: DescribeAppInstanceUserRequestTypeDef) -> Output:
        place = own(call, request["AppInstanceUserArn"], USER)
        found = await self._store.fetch(_FIND, place.parameters)
        if not found:
            raise forbidden(USER)
        name, metadata, create_time, update_time, days = found[0]
        return {
            "AppInstanceUser": {
                "AppInstanceUserArn": place.arn,
                "Name": name,
                "Metadata": optional_value(metadata),
                "CreatedTimestamp": create_time,
                "LastUpdatedTimestamp": update_time,
                "ExpirationSettings": settings_of(days),
            }
        }

    async def update(self, call: Call, request: UpdateAppInstanceUserRequestTypeDef) -> Output:
        place = own(call, request["AppInstanceUserArn"], USER)
        values = {
            **place.parameters,
            "new_name": request["Name"],
            "new_metadata": optional(request["Metadata"]),
            "now": self._clock.microseconds(),
        }

        async def work(transaction: Transaction) -> None:
            if not await transaction.execute(_UPDATE, values):
                raise forbidden(USER)

        await self._store.write(work)
        self._directory.forget(place)
        return {"AppInstanceUserArn": place.arn}

    async def list(self, call: Call, request: ListAppInstanceUsersRequestTypeDef) -> Output:
        page = Page(self._tokens, call, request)
        parent = own(call, request["AppInstanceArn"], APP_INSTANCE)
        found = await self._store.fetch(_LIST, {**parent.parameters, **page.parameters})
        if not found:
            await require_live(self._store, parent)
        rows, more = page.cut(found, time_at=3, key_at=0)
        start = f"{parent.arn}/{USER}/"
        summaries = [
            {
                "AppInstanceUserArn": start + user_id,
                "Name": name,
                "Metadata": optional_value(metadata),
            }
            for user_id, name, metadata, _ in rows
        ]
        return {"AppInstanceArn": parent.arn, "AppInstanceUsers": summaries, "NextToken": more}

    async def delete(self, call: Call, request: DeleteAppInstanceUserRequestTypeDef) -> None:
        """Gone at once, with its admin role, endpoints and tags; the rest is the job's."""
        place = own(call, request["AppInstanceUserArn"], USER)
        await self._removal.remove(place)

    async def put_expiration(
        self, call: Call, request: PutAppInstanceUserExpirationSettingsRequestTypeDef
    ) -> Output:
        """Absent settings remove those there are. An expired user who is still there lives on."""
        place = own(call, request["AppInstanceUserArn"], USER)
        settings = request.get("ExpirationSettings")
        days = settings["ExpirationDays"] if settings else 0

        async def work(transaction: Transaction) -> None:
            found = await transaction.fetch(_TO_EXPIRE, place.parameters)
            if not found:
                raise forbidden(USER)
            values = {"days": days, "at": expire_time(found[0][0], days)}
            await transaction.execute(_EXPIRE, {**place.parameters, **values})

        await self._store.write(work)
        return {"AppInstanceUserArn": place.arn, "ExpirationSettings": settings_of(days)}
