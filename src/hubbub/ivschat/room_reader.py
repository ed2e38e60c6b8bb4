"""Rooms as the engine needs them, with the destinations of their logs."""

from __future__ import annotations

import orjson
from sqlalchemy import bindparam, select

from hubbub.ivschat.engine.room import ReviewHandler, Room
from hubbub.sinks.contract import Destination, DestinationKind
from hubbub.store.contract import Store
from hubbub.store.tables import logging_configurations, room_logging, rooms

_room, _logging = rooms.c, logging_configurations.c
_ROOM = select(
    _room.id,
    _room.region,
    _room.account_id,
    _room.maximum_message_length,
    _room.maximum_message_rate,
    _room.handler_uri,
    _room.fallback_result,
    _room.logging_configurations,
).where(_room.arn == bindparam("of_arn"))
_DESTINATIONS = (
    select(_logging.arn, _logging.region, _logging.account_id, _logging.destination)
    .join_from(
        room_logging,
        logging_configurations,
        _logging.arn == room_logging.c.logging_configuration_arn,
    )
    .where(room_logging.c.room_arn == bindparam("of_arn"), _logging.state == "ACTIVE")
    .order_by(room_logging.c.position)
)
_EXISTS = select(_room.arn).where(_room.arn == bindparam("of_arn"))

_KINDS: dict[str, tuple[DestinationKind, str]] = {
    "s3": ("s3", "bucketName"),
    "cloudWatchLogs": ("cloudWatchLogs", "logGroupName"),
    "firehose": ("firehose", "deliveryStreamName"),
}
"""Member of destinationConfiguration -> the sinks' kind, and the member that has the name."""


class RoomReader:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def exists(self, arn: str) -> bool:
        return bool(await self._store.fetch(_EXISTS, {"of_arn": arn}))

    async def read(self, arn: str) -> Room | None:
        """The room as last committed."""
        found = await self._store.fetch(_ROOM, {"of_arn": arn})
        if not found:
            return None
        room_id, region, account_id, length, rate, uri, fallback, attached = found[0]
        return Room(
            arn=arn,
            id=room_id,
            region=region,
            account_id=account_id,
            maximum_message_length=length,
            maximum_message_rate=rate,
            review_handler=ReviewHandler(uri, fallback) if uri else None,
            destinations=() if attached == "[]" else await self._destinations(arn),
        )

    async def _destinations(self, arn: str) -> tuple[Destination, ...]:
        found = await self._store.fetch(_DESTINATIONS, {"of_arn": arn})
        return tuple(
            _destination(source, region, account_id, orjson.loads(destination))
            for source, region, account_id, destination in found
        )


def _destination(
    source: str, region: str, account_id: str, configuration: dict[str, dict[str, str]]
) -> Destination:
    ((member, settings),) = configuration.items()
    kind, name = _KINDS[member]
    return Destination(
        kind=kind, name=settings[name], region=region, account_id=account_id, source=source
    )
