"""A chat node in virtual time: the real engine, directory and in-process bus; no network."""

from __future__ import annotations

import asyncio
import itertools
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import orjson

from hubbub.access.sealing import Sealer
from hubbub.bus.contract import Bus
from hubbub.bus.memory import MemoryBus
from hubbub.functions.contract import FunctionMissing
from hubbub.ivschat.chat_log import ChatLog
from hubbub.ivschat.connection import ChatConnection, Desk
from hubbub.ivschat.engine.room import Room
from hubbub.ivschat.reviewing import Reviewer
from hubbub.ivschat.rooms_open import RoomsOpen
from hubbub.ivschat.session_ends import SessionEnds
from hubbub.ivschat.socket import ChatEndpoint
from hubbub.ivschat.tokens import ChatTokens
from hubbub.settings import Limits
from hubbub.sinks.contract import Destination, Record
from hubbub.sockets import Accept, Handshake, Refuse

ACCOUNT = "123456789012"
REGION = "us-west-2"
ALL = frozenset({"SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"})


class Frame(TypedDict, total=False):
    """What a client reads; which members there are depends on Type."""

    Type: str
    Id: str
    RequestId: str
    Attributes: dict[str, str] | None
    Content: str
    SendTime: str
    Sender: dict[str, Any]
    EventName: str
    ErrorCode: int
    ErrorMessage: str


class VirtualClock:
    """Starts in May 2026 and goes on when told to."""

    def __init__(self) -> None:
        self.now_ns = 1_777_883_000_000_000_000

    def monotonic(self) -> float:
        return self.now_ns / 1e9 - 1_777_880_000

    def wall(self) -> float:
        return self.now_ns / 1e9

    def microseconds(self) -> int:
        return self.now_ns // 1_000

    def nanoseconds(self) -> int:
        return self.now_ns

    def advance(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1_000_000) * 1_000


class Client:
    """A socket as its endpoint sees it; remembers what it was sent."""

    peer_ip = "203.0.113.9"

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.close_code: int | None = None
        self.receiver: ChatConnection | None = None

    def send(self, frame: bytes) -> None:
        if self.close_code is None:
            self.sent.append(frame)

    def close(self, code: int, reason: str = "") -> None:
        if self.close_code is None:
            self.close_code = code

    def is_open(self) -> bool:
        return self.close_code is None

    @property
    def frames(self) -> list[Frame]:
        return [read_frame(frame) for frame in self.sent]

    def ask(self, **fields: object) -> None:
        self.ask_raw(orjson.dumps(fields))

    def ask_raw(self, payload: bytes) -> None:
        assert self.receiver is not None
        self.receiver.message(payload)

    def say(self, content: str, request_id: str = "") -> None:
        self.ask(Action="SEND_MESSAGE", RequestId=request_id, Content=content)

    def hang_up(self) -> None:
        assert self.receiver is not None
        self.close_code = self.close_code or 1000
        self.receiver.closed(self.close_code)


def read_frame(encoded: bytes) -> Frame:
    """The object in one unmasked, final text frame (RFC 6455, 5.2)."""
    assert encoded[0] == 0x81
    short = encoded[1]
    start, length = 2, short
    if short == 126:
        start, (length,) = 4, struct.unpack_from("!H", encoded, 2)
    elif short == 127:
        start, (length,) = 10, struct.unpack_from("!Q", encoded, 2)
    assert len(encoded) == start + length
    frame: Frame = orjson.loads(encoded[start:])
    return frame


class Answers:
    """Review functions whose answers the test gives when it likes."""

    def __init__(self) -> None:
        self.asked: list[tuple[Mapping[str, Any], asyncio.Future[object]]] = []
        self.missing = False

    def knows(self, arn: str) -> bool:
        return not self.missing

    async def invoke(self, arn: str, event: Mapping[str, Any], timeout: float) -> object:
        if self.missing:
            raise FunctionMissing(arn)
        assert timeout == 0.2
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.asked.append((event, answer))
        return await answer

    async def close(self) -> None:
        for _, answer in self.asked:
            answer.cancel()


class Shelf:
    """Destinations that keep what they are given."""

    def __init__(self) -> None:
        self.records: list[tuple[Destination, Record]] = []

    def write(self, destination: Destination, record: Record) -> None:
        self.records.append((destination, record))

    async def close(self) -> None:
        self.records.clear()


class House:
    """One node and the rooms that its store would hold."""

    def __init__(
        self, directory: Path, limits: Limits | None = None, bus: Bus | None = None
    ) -> None:
        self.clock = VirtualClock()
        self.limits = limits or Limits()
        self.bus: Bus = bus or MemoryBus(
            directory, time_ns=self.clock.nanoseconds, monotonic_ns=self.clock.nanoseconds
        )
        self.rooms: dict[str, Room] = {}
        self.reads = 0
        self.functions = Answers()
        self.shelf = Shelf()
        self.tokens = ChatTokens(Sealer(b"k" * 32))
        self.open = RoomsOpen(self.bus, self.read, self.limits)
        self.ends = SessionEnds(self.clock)
        self.desk = Desk(self.bus, self.clock, Reviewer(self.functions), ChatLog(self.shelf))
        self.endpoint = ChatEndpoint(
            tokens=self.tokens,
            rooms=self.open,
            ends=self.ends,
            bus=self.bus,
            clock=self.clock,
            desk=self.desk,
            limits=self.limits,
        )
        self._ids = itertools.count()

    async def read(self, arn: str) -> Room | None:
        self.reads += 1
        await asyncio.sleep(0)
        return self.rooms.get(arn)

    def make_room(self, **settings: Any) -> str:
        room_id = f"abC123dE{next(self._ids):04d}"
        room = Room(
            arn=f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/{room_id}",
            id=room_id,
            region=REGION,
            account_id=ACCOUNT,
            maximum_message_length=500,
            maximum_message_rate=10,
        )
        self.rooms[room.arn] = msgspec.structs.replace(room, **settings)
        return room.arn

    async def update_room(self, arn: str, **settings: Any) -> None:
        self.rooms[arn] = msgspec.structs.replace(self.rooms[arn], **settings)
        await self.open.changed(arn)

    async def delete_room(self, arn: str) -> None:
        del self.rooms[arn]
        await self.open.changed(arn)

    def token(
        self,
        room_arn: str,
        user_id: str = "u-17",
        capabilities: frozenset[str] = ALL,
        attributes: dict[str, str] | None = None,
        minutes: float = 60,
    ) -> str:
        return self.tokens.seal(
            room_arn=room_arn,
            user_id=user_id,
            attributes=attributes or {},
            capabilities=capabilities,
            token_ends=self.clock.wall() + 60,
            session_ends=self.clock.wall() + minutes * 60,
        )

    async def knock(self, *subprotocols: str) -> Client | int:
        """A handshake: the client, now in the room, or the status it was refused with."""
        client = Client()
        answer = await self.endpoint.handshake(handshake_of(subprotocols), client)
        if isinstance(answer, Refuse):
            return answer.status
        assert isinstance(answer, Accept)
        assert isinstance(answer.receiver, ChatConnection)
        assert answer.subprotocol in subprotocols
        client.receiver = answer.receiver
        return client

    async def enter(self, room_arn: str, user_id: str = "u-17", **claims: Any) -> Client:
        client = await self.knock(self.token(room_arn, user_id, **claims))
        assert isinstance(client, Client)
        return client

    async def reviewed(
        self, count: int = 1
    ) -> list[tuple[Mapping[str, Any], asyncio.Future[object]]]:
        """Wait until the handler has been asked this often."""
        while len(self.functions.asked) < count:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)
        return self.functions.asked

    async def answered(self) -> None:
        """Wait until no review is under way."""
        if self.desk.reviews:
            await asyncio.wait(self.desk.reviews)

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.ends.sweep()

    async def close(self) -> None:
        self.ends.close()
        self.open.close()
        await self.functions.close()
        await self.bus.close()


def handshake_of(subprotocols: Sequence[str]) -> Handshake:
    return Handshake(
        path="/ivschat",
        query="",
        headers={},
        subprotocols=tuple(subprotocols),
        peer_ip="203.0.113.9",
        secure=False,
    )
