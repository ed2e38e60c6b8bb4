"""The five operations on logging configurations (spec 4)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Select, bindparam, delete, insert, select, update

from hubbub.bus.contract import Bus
from hubbub.ivschat.clock import Clock
from hubbub.ivschat.engine import admission
from hubbub.ivschat.engine.ids import new_id
from hubbub.ivschat.errors import conflict, not_found, quota_exceeded
from hubbub.ivschat.ownership import arn_of, require_own
from hubbub.ivschat.pages import Page, after
from hubbub.ivschat.rooms_open import RoomsOpen
from hubbub.ivschat.tag_rules import tag_failures
from hubbub.ivschat.writing import write
from hubbub.settings import Limits
from hubbub.store import quotas
from hubbub.store.columns import json_text
from hubbub.store.contract import DuplicateKey, Row, Store, Transaction
from hubbub.store.tables import logging_configurations, room_logging
from hubbub.wire.errors import Failure, ValidationFailure
from hubbub.wire.pagetokens import PageTokens
from hubbub.wire.service import Call

if TYPE_CHECKING:
    from types_boto3_ivschat.type_defs import (
        CreateLoggingConfigurationRequestTypeDef,
        DeleteLoggingConfigurationRequestTypeDef,
        GetLoggingConfigurationRequestTypeDef,
        ListLoggingConfigurationsRequestTypeDef,
        UpdateLoggingConfigurationRequestTypeDef,
    )

KIND = "logging-configuration"
ACTIVE = "ACTIVE"
DESTINATIONS = ("s3", "cloudWatchLogs", "firehose")
_IN_TRANSITION = frozenset(("CREATING", "UPDATING", "DELETING"))

_logging = logging_configurations.c
_COLUMNS = (
    _logging.arn,
    _logging.id,
    _logging.name,
    _logging.create_time,
    _logging.update_time,
    _logging.destination,
    _logging.state,
    _logging.tags,
)
_NAMES = tuple(column.name for column in _COLUMNS)
_GET = select(*_COLUMNS).where(_logging.arn == bindparam("of_arn"))
_GET_TO_CHANGE = _GET.with_for_update()
_INSERT = insert(logging_configurations)
_UPDATE = (
    update(logging_configurations)
    .where(_logging.arn == bindparam("of_arn"))
    .values(
        name=bindparam("new_name"),
        update_time=bindparam("new_update_time"),
        destination=bindparam("new_destination"),
    )
)
_DELETE = delete(logging_configurations).where(_logging.arn == bindparam("of_arn"))
_ATTACHED = select(room_logging.c.room_arn).where(
    room_logging.c.logging_configuration_arn == bindparam("of_arn")
)
_ANY_ATTACHED = _ATTACHED.limit(1)


@lru_cache(maxsize=2)
def _list(*, continued: bool) -> Select[Any]:
    statement = select(*_COLUMNS).where(
        _logging.account_id == bindparam("account"), _logging.region == bindparam("in_region")
    )
    if continued:
        statement = statement.where(after(logging_configurations))
    return statement.order_by(_logging.update_time.desc(), _logging.arn).limit(bindparam("count"))


class LoggingConfigurations:
    """Where rooms may be logged to. They are ``ACTIVE`` as soon as they are made."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        open_rooms: RoomsOpen,
        tokens: PageTokens,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._store = store
        self._bus = bus
        self._open_rooms = open_rooms
        self._tokens = tokens
        self._clock = clock
        self._limits = limits

    async def create(
        self, call: Call, request: CreateLoggingConfigurationRequestTypeDef
    ) -> dict[str, Any]:
        destination = request["destinationConfiguration"]
        tags = request.get("tags") or {}
        _require([*_destination_failures(destination), *tag_failures(tags)])
        logging_id = new_id()
        now = self._clock.microseconds()
        row: dict[str, str | int] = {
            "arn": arn_of(call, KIND, logging_id),
            "account_id": call.account_id,
            "region": call.region,
            "id": logging_id,
            "name": request.get("name") or "",
            "create_time": now,
            "update_time": now,
            "destination": json_text(destination),
            "state": ACTIVE,
            "tags": json_text(tags),
        }
        limit = self._limits.logging_configurations

        async def work(transaction: Transaction) -> None:
            if not await quotas.take(transaction, *_owner(call), limit=limit):
                raise quota_exceeded(call, "logging configurations", limit)
            await transaction.execute(_INSERT, row)

        await write(self._store, work)
        return _response([row[name] for name in _NAMES])

    async def get(
        self, call: Call, request: GetLoggingConfigurationRequestTypeDef
    ) -> dict[str, Any]:
        arn = request["identifier"]
        require_own(call, arn)
        found = await self._store.fetch(_GET, {"of_arn": arn})
        if not found:
            raise not_found(arn)
        return _response(found[0])

    async def list(
        self, call: Call, request: ListLoggingConfigurationsRequestTypeDef
    ) -> dict[str, Any]:
        page = Page(self._tokens, call, request)
        found = await self._store.fetch(
            _list(continued=page.position is not None),
            {"account": call.account_id, "in_region": call.region, **page.parameters},
        )
        rows, more = page.cut(list(found), time_at=4, arn_at=0)
        return {"loggingConfigurations": [_response(row) for row in rows], **more}

    async def update(
        self, call: Call, request: UpdateLoggingConfigurationRequestTypeDef
    ) -> dict[str, Any]:
        """Absent members stay; the destination may change its kind."""
        arn = request["identifier"]
        name, destination = request.get("name"), request.get("destinationConfiguration")
        if destination is not None:
            _require(_destination_failures(destination))
        require_own(call, arn)

        async def work(transaction: Transaction) -> tuple[Row, list[str]]:
            found = await transaction.fetch(_GET_TO_CHANGE, {"of_arn": arn})
            if not found:
                raise not_found(arn)
            row = dict(zip(_NAMES, found[0], strict=True))
            _require_settled(arn, row)
            if name is None and destination is None:
                return found[0], []
            row["name"] = row["name"] if name is None else name
            row["destination"] = (
                row["destination"] if destination is None else json_text(destination)
            )
            row["update_time"] = max(self._clock.microseconds(), row["update_time"] + 1)
            values = {f"new_{column}": row[column] for column in _UPDATED}
            await transaction.execute(_UPDATE, {"of_arn": arn, **values})
            attached = await transaction.fetch(_ATTACHED, {"of_arn": arn})
            return [row[column] for column in _NAMES], [room_arn for (room_arn,) in attached]

        row, room_arns = await self._store.write(work)
        for room_arn in room_arns:
            self._bus.submit((), admission.room_changed(room_arn), lambda _outcome: None)
        for room_arn in room_arns:
            await self._open_rooms.changed(room_arn)
        return _response(row)

    async def delete(self, call: Call, request: DeleteLoggingConfigurationRequestTypeDef) -> None:
        arn = request["identifier"]
        require_own(call, arn)
        attached = conflict(arn, f"Logging configuration {arn} is attached to a room")

        async def work(transaction: Transaction) -> None:
            found = await transaction.fetch(_GET_TO_CHANGE, {"of_arn": arn})
            if not found:
                raise not_found(arn)
            _require_settled(arn, dict(zip(_NAMES, found[0], strict=True)))
            if await transaction.fetch(_ANY_ATTACHED, {"of_arn": arn}):
                raise attached
            await transaction.execute(_DELETE, {"of_arn": arn})
            await quotas.give_back(transaction, *_owner(call))

        try:
            await self._store.write(work)
        except DuplicateKey:  # attached between the look and the step
            raise attached from None


_UPDATED = ("name", "update_time", "destination")


def _response(row: Row) -> dict[str, Any]:
    """From columns in the order of `_COLUMNS`. Times are epoch microseconds."""
    return {
        "arn": row[0],
        "id": row[1],
        "name": row[2],
        "createTime": row[3],
        "updateTime": row[4],
        "destinationConfiguration": orjson.loads(row[5]),
        "state": row[6],
        "tags": orjson.loads(row[7]),
    }


def _destination_failures(destination: Mapping[str, object]) -> list[Failure]:
    if len(destination) == 1:
        return []
    return [
        Failure("destinationConfiguration", f"must have exactly one of {', '.join(DESTINATIONS)}")
    ]


def _require_settled(arn: str, row: Mapping[str, object]) -> None:
    if row["state"] in _IN_TRANSITION:
        raise conflict(arn, f"Logging configuration {arn} is {row['state']}")


def _require(failures: list[Failure]) -> None:
    if failures:
        raise ValidationFailure(failures)


def _owner(call: Call) -> tuple[str, str, str]:
    """Whose quota of what."""
    return call.account_id, call.region, KIND
