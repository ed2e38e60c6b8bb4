"""CreateRoom, GetRoom, UpdateRoom, DeleteRoom (spec 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, delete, insert, select, update

from hubbub.bus.contract import Bus
from hubbub.functions.contract import Functions
from hubbub.ivschat.clock import Clock
from hubbub.ivschat.engine import admission
from hubbub.ivschat.engine.ids import new_id
from hubbub.ivschat.errors import conflict, not_found, quota_exceeded
from hubbub.ivschat.ownership import arn_of, require_own
from hubbub.ivschat.rooms_open import RoomsOpen
from hubbub.ivschat.tag_rules import tag_failures
from hubbub.ivschat.writing import write
from hubbub.settings import Limits
from hubbub.store import quotas
from hubbub.store.columns import json_text
from hubbub.store.contract import Row, Store, Transaction
from hubbub.store.tables import logging_configurations, room_logging, rooms
from hubbub.wire.errors import Failure, ValidationFailure
from hubbub.wire.service import Call

if TYPE_CHECKING:
    from types_boto3_ivschat.type_defs import (
        CreateRoomRequestTypeDef,
        DeleteRoomRequestTypeDef,
        GetRoomRequestTypeDef,
        MessageReviewHandlerTypeDef,
        UpdateRoomRequestTypeDef,
    )

KIND = "room"
DEFAULT_LENGTH = 500
DEFAULT_RATE = 10
DEFAULT_FALLBACK = "ALLOW"
ACTIVE = "ACTIVE"

Columns = dict[str, str | int]
"""Values of a row of `rooms` by column."""

_room = rooms.c
ROOM_COLUMNS = (
    _room.arn,
    _room.id,
    _room.name,
    _room.create_time,
    _room.update_time,
    _room.maximum_message_length,
    _room.maximum_message_rate,
    _room.handler_uri,
    _room.fallback_result,
    _room.logging_configurations,
    _room.tags,
)
_NAMES = tuple(column.name for column in ROOM_COLUMNS)
_GET = select(*ROOM_COLUMNS).where(_room.arn == bindparam("of_arn"))
_GET_TO_CHANGE = _GET.with_for_update()
_INSERT = insert(rooms)
_CHANGEABLE = (
    "name",
    "update_time",
    "maximum_message_length",
    "maximum_message_rate",
    "handler_uri",
    "fallback_result",
    "logging_configurations",
)
_UPDATE = (
    update(rooms)
    .where(_room.arn == bindparam("of_arn"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)
_DELETE = delete(rooms).where(_room.arn == bindparam("of_arn"))
# Shared, so that whoever changes the configuration sees the rooms it is attached to.
_STATE = (
    select(logging_configurations.c.state)
    .where(logging_configurations.c.arn == bindparam("of_arn"))
    .with_for_update(read=True)
)
_ATTACH = insert(room_logging)
_DETACH = delete(room_logging).where(room_logging.c.room_arn == bindparam("of_arn"))


class Rooms:
    """The life of rooms. A change is published, so that open rooms follow at once."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        functions: Functions,
        open_rooms: RoomsOpen,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._store = store
        self._bus = bus
        self._functions = functions
        self._open_rooms = open_rooms
        self._clock = clock
        self._limits = limits

    async def create(self, call: Call, request: CreateRoomRequestTypeDef) -> dict[str, Any]:
        tags = request.get("tags") or {}
        handler = request.get("messageReviewHandler") or {}
        attached = _unique(request.get("loggingConfigurationIdentifiers") or ())
        _require([*tag_failures(tags), *self._handler_failures(call, handler)])
        for arn in attached:
            require_own(call, arn)
        room_id = new_id()
        now = self._clock.microseconds()
        row: Columns = {
            "arn": arn_of(call, KIND, room_id),
            "account_id": call.account_id,
            "region": call.region,
            "id": room_id,
            "name": request.get("name") or "",
            "create_time": now,
            "update_time": now,
            "maximum_message_length": request.get("maximumMessageLength") or DEFAULT_LENGTH,
            "maximum_message_rate": request.get("maximumMessageRatePerSecond") or DEFAULT_RATE,
            "handler_uri": handler.get("uri") or "",
            "fallback_result": handler.get("fallbackResult") or DEFAULT_FALLBACK,
            "logging_configurations": json_text(attached),
            "tags": json_text(tags),
        }

        async def work(transaction: Transaction) -> None:
            if not await quotas.take(transaction, *_owner(call), limit=self._limits.rooms):
                raise quota_exceeded(call, "rooms", self._limits.rooms)
            await transaction.execute(_INSERT, row)
            await _attach(transaction, str(row["arn"]), attached)

        await write(self._store, work)
        return room_response([row[name] for name in _NAMES])

    async def get(self, call: Call, request: GetRoomRequestTypeDef) -> dict[str, Any]:
        arn = request["identifier"]
        require_own(call, arn)
        found = await self._store.fetch(_GET, {"of_arn": arn})
        if not found:
            raise not_found(arn)
        return room_response(found[0])

    async def update(self, call: Call, request: UpdateRoomRequestTypeDef) -> dict[str, Any]:
        """Absent members stay as they are; nothing changes if one is bad."""
        arn = request["identifier"]
        _require(self._handler_failures(call, request.get("messageReviewHandler") or {}))
        require_own(call, arn)
        changes = _changes(request)
        given = request.get("loggingConfigurationIdentifiers")
        attached = None if given is None else _unique(given)
        for logging_arn in attached or ():
            require_own(call, logging_arn)
        if attached is not None:
            changes["logging_configurations"] = json_text(attached)

        async def work(transaction: Transaction) -> Row:
            found = await transaction.fetch(_GET_TO_CHANGE, {"of_arn": arn})
            if not found:
                raise not_found(arn)
            row = dict(zip(_NAMES, found[0], strict=True))
            if changes:
                row.update(changes)
                row["update_time"] = max(self._clock.microseconds(), row["update_time"] + 1)
                values = {f"new_{name}": row[name] for name in _CHANGEABLE}
                await transaction.execute(_UPDATE, {"of_arn": arn, **values})
            if attached is not None:
                await transaction.execute(_DETACH, {"of_arn": arn})
                await _attach(transaction, arn, attached)
            return [row[name] for name in _NAMES]

        row = await write(self._store, work)
        if changes:
            await self._publish_change(arn)
        return room_response(row)

    async def delete(self, call: Call, request: DeleteRoomRequestTypeDef) -> None:
        """Connections stay open; what they publish from now on is refused."""
        arn = request["identifier"]
        require_own(call, arn)

        async def work(transaction: Transaction) -> None:
            if not await transaction.execute(_DELETE, {"of_arn": arn}):
                raise not_found(arn)
            await quotas.give_back(transaction, *_owner(call))

        await self._store.write(work)
        await self._publish_change(arn)

    async def _publish_change(self, arn: str) -> None:
        """Tell the other nodes; one that the bus does not reach reads again when it is back."""
        self._bus.submit((), admission.room_changed(arn), lambda _outcome: None)
        await self._open_rooms.changed(arn)

    def _handler_failures(self, call: Call, handler: MessageReviewHandlerTypeDef) -> list[Failure]:
        """Is there such a function, and may this account's rooms in this region invoke it?"""
        uri = handler.get("uri")
        if not uri:
            return []
        _, _, _, region, account_id, _ = uri.split(":", 5)
        own = region == call.region and account_id == call.account_id
        if own and self._functions.knows(uri):
            return []
        return [Failure("uri", "invalid lambda permission")]


def room_response(row: Row) -> dict[str, Any]:
    """A whole room, from columns in the order of `ROOM_COLUMNS`. Times are epoch microseconds."""
    return {
        **room_summary(row),
        "maximumMessageLength": row[5],
        "maximumMessageRatePerSecond": row[6],
    }


def room_summary(row: Row) -> dict[str, Any]:
    """A room as ListRooms shows it: without the two limits."""
    summary = {
        "arn": row[0],
        "id": row[1],
        "name": row[2],
        "createTime": row[3],
        "updateTime": row[4],
        "tags": orjson.loads(row[10]),
        "loggingConfigurationIdentifiers": orjson.loads(row[9]),
    }
    if row[7]:
        summary["messageReviewHandler"] = {"uri": row[7], "fallbackResult": row[8]}
    return summary


def _changes(request: UpdateRoomRequestTypeDef) -> Columns:
    """The columns that the request names, but for the logging configurations."""
    changes: Columns = {}
    for member, column in (
        ("name", "name"),
        ("maximumMessageLength", "maximum_message_length"),
        ("maximumMessageRatePerSecond", "maximum_message_rate"),
    ):
        value = request.get(member)
        if isinstance(value, str | int):
            changes[column] = value
    handler = request.get("messageReviewHandler") or {}
    uri, fallback = handler.get("uri"), handler.get("fallbackResult")
    if uri is not None:
        changes["handler_uri"] = uri
        changes["fallback_result"] = fallback or DEFAULT_FALLBACK
    elif fallback is not None:
        changes["fallback_result"] = fallback
    return changes


async def _attach(transaction: Transaction, room_arn: str, attached: Sequence[str]) -> None:
    for position, arn in enumerate(attached):
        found = await transaction.fetch(_STATE, {"of_arn": arn})
        if not found:
            raise not_found(arn)
        if found[0][0] != ACTIVE:
            raise conflict(arn, f"Logging configuration {arn} is not {ACTIVE}")
        row = {"room_arn": room_arn, "position": position, "logging_configuration_arn": arn}
        await transaction.execute(_ATTACH, row)


def _unique(arns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(arns))


def _require(failures: Sequence[Failure]) -> None:
    if failures:
        raise ValidationFailure(failures)


def _owner(call: Call) -> tuple[str, str, str]:
    """Whose quota of what."""
    return call.account_id, call.region, KIND
