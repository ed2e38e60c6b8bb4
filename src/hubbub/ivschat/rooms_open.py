"""The rooms in which this node holds connections.

One invariant: *while a connection or a handshake holds a room open, the node is subscribed to its
topic, and reads its settings again after every notice of change*.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from hubbub.bus.contract import Bus, Delivery, Limit
from hubbub.ivschat import counts
from hubbub.ivschat.engine import admission
from hubbub.ivschat.engine.requests import DISCONNECT_USER
from hubbub.ivschat.engine.room import Room
from hubbub.settings import Limits
from hubbub.sockets import Audience, encode_text
from hubbub.sockets.frames import NORMAL, SERVICE_RESTART

if TYPE_CHECKING:
    from hubbub.ivschat.connection import ChatConnection

ReadRoom = Callable[[str], Awaitable[Room | None]]

RETRY_SECONDS = 0.5
SETTLE_SECONDS = 1.0
READS_AT_A_TIME = 32  # when the bus is back, all rooms are read again at once

log = logging.getLogger(__name__)


class RoomMissing(Exception):
    """There is no such room, or no longer."""


class OpenRoom:
    """One room: its settings as last read, its connections, and what arrives for them."""

    def __init__(self, arn: str, read: ReadRoom, limits: Limits) -> None:
        self.arn = arn
        self.audience = Audience()
        self.holds = 0
        self.room: Room
        self.limits: Mapping[str, tuple[Limit, ...]] = {}
        self._read = read
        self._quotas = limits
        self._users: dict[str, list[ChatConnection]] = {}
        self._changes = 0
        self._refreshing: asyncio.Task[None] | None = None
        self._opening: asyncio.Task[None] | None = None

    def __iter__(self) -> Iterator[ChatConnection]:
        return iter([one for connections in self._users.values() for one in connections])

    def add(self, connection: ChatConnection) -> None:
        """From now on it gets every frame of the room."""
        self._users.setdefault(connection.session.user_id, []).append(connection)
        self.audience.add(connection.socket)

    def discard(self, connection: ChatConnection) -> None:
        user_id = connection.session.user_id
        connections = self._users[user_id]
        connections.remove(connection)
        if not connections:
            del self._users[user_id]
        self.audience.discard(connection.socket)

    async def opened(self, bus: Bus) -> None:
        """Wait until the settings are known, and no change of them is being read."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(bus))
            self._opening.add_done_callback(_retrieve)
        if self._opening.done():
            self._opening.result()
        else:
            await asyncio.shield(self._opening)
        await self.settled()

    async def settled(self) -> None:
        """Wait until changes noticed so far are in force."""
        while self._refreshing is not None:
            await asyncio.shield(self._refreshing)

    def stale(self) -> None:
        """The settings have changed, or may have."""
        self._changes += 1
        if self._refreshing is None and self._opening is not None and self._opening.done():
            self._refreshing = asyncio.create_task(self._refresh())

    def deliver(self, delivery: Delivery) -> None:
        """What the bus brings for this room, in its order."""
        action, user_id = admission.label_parts(delivery.label)
        if action == admission.ROOM_CHANGED:
            self.stale()
            return
        counts.delivered(action, len(self.audience))
        self.audience.broadcast(encode_text(delivery.payload))
        if action == DISCONNECT_USER:
            for connection in list(self._users.get(user_id, ())):
                connection.leave(NORMAL)

    def gap(self) -> None:
        """Frames were missed: let all connections come anew rather than go on without them."""
        for connection in self:
            connection.leave(SERVICE_RESTART)

    def close(self) -> None:
        for task in (self._opening, self._refreshing):
            if task is not None:
                task.cancel()

    async def _open(self, bus: Bus) -> None:
        await bus.subscribe(admission.topic(self.arn), self.deliver)
        while True:
            changes = self._changes
            room = await self._read(self.arn)
            if room is None:
                raise RoomMissing(self.arn)
            self._use(room)
            if changes == self._changes:
                return

    async def _refresh(self) -> None:
        try:
            await self._read_again()
        finally:
            self._refreshing = None

    async def _read_again(self) -> None:
        while True:
            changes = self._changes
            try:
                room = await self._read(self.arn)
            except Exception:
                log.exception("room %s cannot be read again, trying on", self.arn)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._use(room or self.room.deleted())
            if changes == self._changes:
                return

    def _use(self, room: Room) -> None:
        self.room = room
        self.limits = admission.limits_of(room, self._quotas)


class RoomsOpen:
    """The directory, by ARN."""

    def __init__(self, bus: Bus, read: ReadRoom, limits: Limits) -> None:
        self._bus = bus
        self._read = read
        self._reading = asyncio.Semaphore(READS_AT_A_TIME)
        self._limits = limits
        self._rooms: dict[str, OpenRoom] = {}
        bus.on_restored(self._restored)
        bus.on_gap(self._gap)

    def __len__(self) -> int:
        return len(self._rooms)

    def __contains__(self, arn: object) -> bool:
        return arn in self._rooms

    async def hold(self, arn: str) -> OpenRoom:
        """The room, held open until `release`.

        Raises RoomMissing, BusUnavailable and StoreUnavailable.
        """
        room = self._rooms.get(arn)
        if room is None:
            room = self._rooms[arn] = OpenRoom(arn, self._read_in_turn, self._limits)
        room.holds += 1
        try:
            await room.opened(self._bus)
            if not room.room.exists:
                raise RoomMissing(arn)
        except BaseException:
            self.release(room)
            raise
        return room

    def release(self, room: OpenRoom) -> None:
        room.holds -= 1
        if room.holds == 0:
            del self._rooms[room.arn]
            room.close()
            self._bus.unsubscribe(admission.topic(room.arn))

    async def changed(self, arn: str) -> None:
        """Read the room's settings again if it is open here, and wait until they are in force.

        Not for ever: reading goes on by itself while the store is out of reach.
        """
        room = self._rooms.get(arn)
        if room is None:
            return
        room.stale()
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                await room.settled()

    def close(self) -> None:
        for room in self._rooms.values():
            room.close()

    async def _read_in_turn(self, arn: str) -> Room | None:
        async with self._reading:
            return await self._read(arn)

    def _restored(self) -> None:
        for room in self._rooms.values():
            room.stale()

    def _gap(self, topic: str) -> None:
        room = self._rooms.get(topic)
        if room is not None:
            room.gap()


def _retrieve(task: asyncio.Task[None]) -> None:
    """Those who wait get the exception; that none of them may be left is no fault."""
    if not task.cancelled():
        task.exception()
