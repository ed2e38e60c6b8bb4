"""A server seen from one region: rooms made with boto3, people talking in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tests.clients.raw_socket import Chatter, chatter
from tests.server import Server

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient
    from types_boto3_ivschat.type_defs import CreateChatTokenResponseTypeDef

SEND = "SEND_MESSAGE"
DELETE = "DELETE_MESSAGE"
DISCONNECT = "DISCONNECT_USER"
ALL = (SEND, DELETE, DISCONNECT)


class World:
    """Use it as a context manager: it closes the client's connections."""

    def __init__(self, server: Server, region: str = "us-east-1") -> None:
        self.server = server
        self.region = region
        self.ivschat: IvschatClient = server.boto3("ivschat", region_name=region)

    def __enter__(self) -> World:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ivschat.close()

    def room(self, **members: Any) -> str:
        """ARN of a new room."""
        return self.ivschat.create_room(**members)["arn"]

    def token(
        self,
        room: str,
        user: str,
        capabilities: Sequence[str] = ALL,
        *,
        attributes: Mapping[str, str] | None = None,
        minutes: int = 60,
    ) -> CreateChatTokenResponseTypeDef:
        return self.ivschat.create_chat_token(
            roomIdentifier=room,
            userId=user,
            capabilities=list(capabilities),  # type: ignore[arg-type]
            attributes=dict(attributes or {}),
            sessionDurationInMinutes=minutes,
        )

    def chatter(
        self,
        room: str,
        user: str,
        capabilities: Sequence[str] = ALL,
        *,
        attributes: Mapping[str, str] | None = None,
        **options: Any,
    ) -> AbstractAsyncContextManager[Chatter]:
        """A raw socket of a fresh token, to be entered."""
        token = self.token(room, user, capabilities, attributes=attributes)["token"]
        return chatter(self.server.websocket, token, **options)

    def arn(self, kind: str, resource_id: str) -> str:
        return f"arn:aws:ivschat:{self.region}:000000000000:{kind}/{resource_id}"
