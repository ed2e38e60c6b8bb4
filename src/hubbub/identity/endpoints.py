"""Push endpoints of users (spec 4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, delete, insert, select, update

from hubbub.identity.alive import IS_LIVE, LIVE
from hubbub.identity.arns import USER, Place, own
from hubbub.identity.errors import conflict, forbidden, limit_exceeded, no_endpoint
from hubbub.identity.idempotency import Replayed, RequestToken, resource_gone
from hubbub.identity.pages import Page, after
from hubbub.identity.update_times import moved
from hubbub.settings import Limits
from hubbub.store.clock import Clock
from hubbub.store.columns import json_text, new_id, optional, optional_value
from hubbub.store.contract import Reader, Row, Store, Transaction
from hubbub.store.tables import app_instance_user_endpoints, app_instance_users, app_instances
from hubbub.wire.pagetokens import PageTokens
from hubbub.wire.service import Call, Output

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.type_defs import (
        DeregisterAppInstanceUserEndpointRequestTypeDef,
        DescribeAppInstanceUserEndpointRequestTypeDef,
        ListAppInstanceUserEndpointsRequestTypeDef,
        RegisterAppInstanceUserEndpointRequestTypeDef,
        UpdateAppInstanceUserEndpointRequestTypeDef,
    )

DEFAULT_ALLOW_MESSAGES = "ALL"
ACTIVE = "ACTIVE"

_a = app_instances.c
_u = app_instance_users.c
_e = app_instance_user_endpoints.c
_FIND_USER = (
    select(_u.id)
    .join(app_instances, _u.app_instance_id == _a.id)
    .where(LIVE, _u.user_id == bindparam("of_member"))
)
# Its user goes only after what was registered meanwhile is committed, and takes that along.
_HOLD_USER = _FIND_USER.with_for_update(of=app_instance_users)
_OF_USER = (_e.app_instance_id == bindparam("of_id"), _e.user_id == bindparam("of_member"))
_OF = (*_OF_USER, _e.endpoint_id == bindparam("of_endpoint"))
_DEVICES = select(_e.type, _e.resource_arn, _e.attributes).where(*_OF_USER)
_INSERT = insert(app_instance_user_endpoints)
_FIND = select(
    _e.endpoint_id,
    _e.name,
    _e.type,
    _e.resource_arn,
    _e.attributes,
    _e.allow_messages,
    _e.status,
    _e.status_reason,
    _e.create_time,
    _e.update_time,
).where(*_OF, IS_LIVE)
_LIST = (
    select(
        _e.endpoint_id,
        _e.name,
        _e.type,
        _e.allow_messages,
        _e.status,
        _e.status_reason,
        _e.create_time,
    )
    .where(*_OF_USER, IS_LIVE, after(_e.create_time, _e.endpoint_id))
    .order_by(_e.create_time, _e.endpoint_id)
    .limit(bindparam("count"))
)
_TO_CHANGE = select(_e.name, _e.allow_messages).where(*_OF, IS_LIVE).with_for_update()
_UPDATE = (
    update(app_instance_user_endpoints)
    .where(*_OF)
    .values(
        name=bindparam("new_name"),
        allow_messages=bindparam("new_allow_messages"),
        update_time=moved(_e.update_time),
    )
)
_DELETE = delete(app_instance_user_endpoints).where(*_OF, IS_LIVE)


class Endpoints:
    """The devices of users."""

    def __init__(self, *, store: Store, tokens: PageTokens, clock: Clock, limits: Limits) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._limits = limits

    async def register(
        self, call: Call, request: RegisterAppInstanceUserEndpointRequestTypeDef
    ) -> Output:
        place = own(call, request["AppInstanceUserArn"], USER)
        now = self._clock.microseconds()
        most = self._limits.endpoints_per_user
        endpoint_id = new_id()
        row: dict[str, str | int] = {
            "app_instance_id": place.app_instance_id,
            "user_id": place.member_id,
            "endpoint_id": endpoint_id,
            "name": optional(request.get("Name")),
            "type": request["Type"],
            "resource_arn": request["ResourceArn"],
            "attributes": json_text(request["EndpointAttributes"]),
            "allow_messages": request.get("AllowMessages") or DEFAULT_ALLOW_MESSAGES,
            "status": ACTIVE,
            "status_reason": "",
            "create_time": now,
            "update_time": now,
        }
        device = (row["type"], row["resource_arn"], request["EndpointAttributes"]["DeviceToken"])

        async def work(transaction: Transaction) -> None:
            user = await transaction.fetch(_HOLD_USER, place.parameters)
            if not user:
                raise forbidden(USER)
            # Of this user, not of one who had the same id before.
            token = RequestToken.of(place.app_instance_id, f"endpoint {user[0][0]}", request)
            await token.spend(transaction, endpoint_id, now)
            devices = [
                _device(each) for each in await transaction.fetch(_DEVICES, place.parameters)
            ]
            if device in devices:
                raise conflict("The device is registered for the app instance user already")
            if len(devices) >= most:
                raise limit_exceeded("endpoints of the app instance user", most)
            await transaction.execute(_INSERT, row)

        try:
            await self._store.write(work)
        except Replayed as earlier:
            endpoint_id = earlier.resource_id
            if not await self._store.fetch(_FIND, _parameters(place, endpoint_id)):
                raise resource_gone() from None
        return {"AppInstanceUserArn": place.arn, "EndpointId": endpoint_id}

    async def describe(
        self, call: Call, request: DescribeAppInstanceUserEndpointRequestTypeDef
    ) -> Output:
        place = own(call, request["AppInstanceUserArn"], USER)
        found = await self._store.fetch(_FIND, _parameters(place, request["EndpointId"]))
        if not found:
            raise await self._absent(self._store, place)
        row = found[0]
        return {
            "AppInstanceUserEndpoint": {
                "AppInstanceUserArn": place.arn,
                "EndpointId": row[0],
                "Name": optional_value(row[1]),
                "Type": row[2],
                "ResourceArn": row[3],
                "EndpointAttributes": orjson.loads(row[4]),
                "AllowMessages": row[5],
                "EndpointState": _state(row[6], row[7]),
                "CreatedTimestamp": row[8],
                "LastUpdatedTimestamp": row[9],
            }
        }

    async def update(
        self, call: Call, request: UpdateAppInstanceUserEndpointRequestTypeDef
    ) -> Output:
        """Absent members stay as they are."""
        place = own(call, request["AppInstanceUserArn"], USER)
        parameters = _parameters(place, request["EndpointId"])
        now = self._clock.microseconds()

        async def work(transaction: Transaction) -> None:
            found = await transaction.fetch(_TO_CHANGE, parameters)
            if not found:
                raise await self._absent(transaction, place)
            name, allow_messages = found[0]
            if (new_name := request.get("Name")) is not None:
                name = optional(new_name)
            values = {
                "new_name": name,
                "new_allow_messages": request.get("AllowMessages") or allow_messages,
                "now": now,
            }
            await transaction.execute(_UPDATE, {**parameters, **values})

        await self._store.write(work)
        return {"AppInstanceUserArn": place.arn, "EndpointId": request["EndpointId"]}

    async def list(self, call: Call, request: ListAppInstanceUserEndpointsRequestTypeDef) -> Output:
        page = Page(self._tokens, call, request)
        place = own(call, request["AppInstanceUserArn"], USER)
        found = await self._store.fetch(_LIST, {**place.parameters, **page.parameters})
        if not found and not await self._store.fetch(_FIND_USER, place.parameters):
            raise forbidden(USER)
        rows, more = page.cut(found, time_at=6, key_at=0)
        summaries = [
            {
                "AppInstanceUserArn": place.arn,
                "EndpointId": row[0],
                "Name": optional_value(row[1]),
                "Type": row[2],
                "AllowMessages": row[3],
                "EndpointState": _state(row[4], row[5]),
            }
            for row in rows
        ]
        return {"AppInstanceUserEndpoints": summaries, "NextToken": more}

    async def deregister(
        self, call: Call, request: DeregisterAppInstanceUserEndpointRequestTypeDef
    ) -> None:
        place = own(call, request["AppInstanceUserArn"], USER)

        async def work(transaction: Transaction) -> None:
            if not await transaction.execute(_DELETE, _parameters(place, request["EndpointId"])):
                raise await self._absent(transaction, place)

        await self._store.write(work)

    @staticmethod
    async def _absent(reader: Reader, place: Place) -> Exception:
        is_there = await reader.fetch(_FIND_USER, place.parameters)
        return no_endpoint() if is_there else forbidden(USER)


def _parameters(place: Place, endpoint_id: str) -> dict[str, str]:
    # No endpoint has an id with NUL, and PostgreSQL takes no such text.
    return {**place.parameters, "of_endpoint": "" if "\0" in endpoint_id else endpoint_id}


def _device(row: Row) -> Sequence[Any]:
    """What makes a device another one: Type, ResourceArn, DeviceToken."""
    return (row[0], row[1], orjson.loads(row[2])["DeviceToken"])


def _state(status: str, reason: str) -> dict[str, str | None]:
    return {"Status": status, "StatusReason": reason or None}
