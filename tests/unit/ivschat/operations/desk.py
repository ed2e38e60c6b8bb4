"""Operations as the wire calls them, on a real store, with time in the test's hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubbub.access.keyring import Keyring
from hubbub.bus.contract import Bus, Delivery
from hubbub.bus.memory import MemoryBus
from hubbub.ivschat import IvsChat
from hubbub.settings import Limits, Settings
from hubbub.sockets import Accept, Refuse
from hubbub.store.contract import Store
from hubbub.wire.service import Call, Credentials
from tests.unit.ivschat.house import (
    ACCOUNT,
    REGION,
    Answers,
    Client,
    Shelf,
    VirtualClock,
    handshake_of,
)

HANDLER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:review"


@dataclass
class Caller:
    account: str = ACCOUNT
    region: str = REGION


class Desk:
    """Takes requests for operations by name."""

    def __init__(
        self,
        store: Store,
        directory: Path,
        limits: Limits | None = None,
        bus: Bus | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.store = store
        self.bus: Bus = bus or MemoryBus(
            directory, time_ns=self.clock.nanoseconds, monotonic_ns=self.clock.nanoseconds
        )
        self.functions = Answers()
        self.shelf = Shelf()
        self.limits = limits or Limits()
        self.caller = Caller()
        self.chat = IvsChat(
            store=store,
            bus=self.bus,
            functions=self.functions,
            sinks=self.shelf,
            keyring=Keyring(b"k" * 32),
            settings=Settings(limits=self.limits),
            clock=self.clock,
        )

    async def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """One call; time goes on by a millisecond with each."""
        self.clock.advance(0.001)
        credentials = Credentials(
            access_key_id="AKIATEST",
            secret_access_key="secret",
            account_id=self.caller.account,
            arn=f"arn:aws:iam::{self.caller.account}:root",
        )
        call = Call(
            service="ivschat",
            operation=operation,
            credentials=credentials,
            region=self.caller.region,
            request_id="request",
            source_ip="127.0.0.1",
            headers={},
        )
        answer = await self.chat.service.handlers[operation](call, request)
        return dict(answer) if isinstance(answer, Mapping) else {}

    async def knock(self, room_arn: str, user_id: str = "u-17", **request: Any) -> Client | int:
        request.setdefault("capabilities", ["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"])
        made = await self("CreateChatToken", roomIdentifier=room_arn, userId=user_id, **request)
        return await self.show(made["token"])

    async def show(self, token: str) -> Client | int:
        client = Client()
        answer = await self.chat.endpoint.handshake(handshake_of([token]), client)
        if isinstance(answer, Refuse):
            return answer.status
        assert isinstance(answer, Accept)
        client.receiver = answer.receiver  # type: ignore[assignment]
        return client

    async def enter(self, room_arn: str, user_id: str = "u-17", **request: Any) -> Client:
        client = await self.knock(room_arn, user_id, **request)
        assert isinstance(client, Client)
        return client

    async def listen(self, room_arn: str) -> list[Delivery]:
        """What is published to a room that nobody has open."""
        heard: list[Delivery] = []
        await self.bus.subscribe(room_arn, heard.append)
        return heard

    async def close(self) -> None:
        await self.functions.close()
        await self.chat.close()
        await self.bus.close()
