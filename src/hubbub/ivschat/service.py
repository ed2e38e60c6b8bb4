"""IVS Chat put together from its parts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from hubbub.access.keyring import Keyring
from hubbub.bus.contract import Bus
from hubbub.functions.contract import Functions
from hubbub.ivschat.chat_log import ChatLog
from hubbub.ivschat.chat_tokens import TokenDesk
from hubbub.ivschat.clock import Clock, SystemClock
from hubbub.ivschat.connection import Desk
from hubbub.ivschat.demands import demands
from hubbub.ivschat.logging_configurations import LoggingConfigurations
from hubbub.ivschat.messaging import Messaging
from hubbub.ivschat.reviewing import Reviewer
from hubbub.ivschat.room_list import RoomList
from hubbub.ivschat.room_reader import RoomReader
from hubbub.ivschat.rooms import Rooms
from hubbub.ivschat.rooms_open import RoomsOpen
from hubbub.ivschat.session_ends import SessionEnds
from hubbub.ivschat.socket import ChatEndpoint
from hubbub.ivschat.submission import api_limit, submit
from hubbub.ivschat.tags import RESOURCE_ARN, Tags
from hubbub.ivschat.tokens import ChatTokens
from hubbub.settings import Settings
from hubbub.sinks.contract import Sinks
from hubbub.store.contract import Store
from hubbub.wire import Call, FieldListStyle, Handler, PageTokens, Service, load_model

DRAIN_SECONDS = 1.0
CONSTRAINTS = {"ResourceArn": {"pattern": RESOURCE_ARN}}
"""What the service's model gets wrong, put right."""


class IvsChat:
    """The service: its 17 operations and the endpoint of its messaging socket."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        functions: Functions,
        sinks: Sinks,
        keyring: Keyring,
        settings: Settings,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        limits = settings.limits
        reader = RoomReader(store)
        chat_log = ChatLog(sinks)
        tokens = ChatTokens(keyring.sealer("chat-tokens"))
        page_tokens = PageTokens(keyring.subkey("page-tokens"))
        self._bus = bus
        self._desk = Desk(bus, clock, Reviewer(functions), chat_log)
        self._ends = SessionEnds(clock)
        self._rooms = RoomsOpen(bus, reader.read, limits)
        self.endpoint = ChatEndpoint(
            tokens=tokens,
            rooms=self._rooms,
            ends=self._ends,
            bus=bus,
            clock=clock,
            desk=self._desk,
            limits=limits,
        )
        rooms = Rooms(
            store=store,
            bus=bus,
            functions=functions,
            open_rooms=self._rooms,
            clock=clock,
            limits=limits,
        )
        logging = LoggingConfigurations(
            store=store,
            bus=bus,
            open_rooms=self._rooms,
            tokens=page_tokens,
            clock=clock,
            limits=limits,
        )
        messaging = Messaging(bus, reader.read, chat_log, limits)
        tags = Tags(store)
        handlers: dict[str, Any] = {
            "CreateRoom": rooms.create,
            "GetRoom": rooms.get,
            "UpdateRoom": rooms.update,
            "DeleteRoom": rooms.delete,
            "ListRooms": RoomList(store, page_tokens).list,
            "CreateLoggingConfiguration": logging.create,
            "GetLoggingConfiguration": logging.get,
            "UpdateLoggingConfiguration": logging.update,
            "DeleteLoggingConfiguration": logging.delete,
            "ListLoggingConfigurations": logging.list,
            "CreateChatToken": TokenDesk(tokens, reader.exists, clock).create,
            "SendEvent": messaging.send_event,
            "DeleteMessage": messaging.delete_message,
            "DisconnectUser": messaging.disconnect_user,
            "ListTagsForResource": tags.list,
            "TagResource": tags.add,
            "UntagResource": tags.remove,
        }
        if limits.api_call_rates:
            handlers = {name: self._limited(handler) for name, handler in handlers.items()}
        self.service = Service(
            model=load_model("ivschat", constraints=CONSTRAINTS),
            errors=FieldListStyle(),
            handlers=handlers,
            owns=_owns,
            demands=demands(tags.read),
        )

    async def start(self) -> None:
        """Nothing has to be opened: rooms are when the first connection comes."""

    async def close(self) -> None:
        """Let reviews come to their end, which is never far; then stop."""
        if self._desk.reviews:
            await asyncio.wait(self._desk.reviews, timeout=DRAIN_SECONDS)
        self._ends.close()
        self._rooms.close()

    def _limited(self, handler: Handler) -> Handler:
        async def within_rate(call: Call, request: dict[str, Any]) -> Mapping[str, Any] | None:
            await submit(self._bus, (api_limit(call),), None, call.account_id)
            return await handler(call, request)

        return within_rate


def _owns(arn: str) -> bool:
    return arn.startswith("arn:aws:ivschat:")
