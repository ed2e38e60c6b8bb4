"""A bare WebSocket client for exact checks of frames: nothing is retried, hidden or repaired.

    async with chatter(server.websocket, token) as socket:
        await socket.send({"Action": "SEND_MESSAGE", "Content": "hi"})
        frame = await socket.receive()

Handshakes that fail raise `websockets.exceptions.InvalidStatus`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

Frame = dict[str, Any]


class Chatter:
    """An open messaging socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, frame: Mapping[str, Any] | str | bytes) -> None:
        """An object as JSON, or text or bytes as they are."""
        await self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def say(self, content: str, request_id: str = "", **members: Any) -> None:
        frame = {"Action": "SEND_MESSAGE", "Content": content, **members}
        await self.send(frame | ({"RequestId": request_id} if request_id else {}))

    async def receive(self, timeout: float = 10) -> Frame:
        """The next frame; it must be one text frame holding a JSON object."""
        async with asyncio.timeout(timeout):
            data = await self.connection.recv()
        assert isinstance(data, str), "binary frame"
        frame = json.loads(data)
        assert isinstance(frame, dict)
        return frame

    async def ask(self, frame: Mapping[str, Any] | str | bytes, timeout: float = 10) -> Frame:
        """Send it and give the next frame."""
        await self.send(frame)
        return await self.receive(timeout)

    async def receive_many(self, count: int, timeout: float = 20) -> list[Frame]:
        async with asyncio.timeout(timeout):
            return [await self.receive(timeout) for _ in range(count)]

    async def nothing(self, seconds: float = 0.3) -> None:
        """Assert that no frame comes within this time."""
        try:
            frame = await self.receive(seconds)
        except TimeoutError:
            return
        raise AssertionError(f"unexpected frame {frame}")

    async def closing(self, timeout: float = 10) -> tuple[list[Frame], int]:
        """The frames up to the Close, and its code (1006: the socket just ended)."""
        frames: list[Frame] = []
        try:
            async with asyncio.timeout(timeout):
                while True:
                    frames.append(await self.receive(timeout))
        except ConnectionClosed as end:
            return frames, end.rcvd.code if end.rcvd else 1006


@asynccontextmanager
async def chatter(
    url: str,
    token: str | Sequence[str],
    *,
    origin: str | None = None,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[Chatter]:
    """Connect with the token as subprotocol."""
    tokens = [token] if isinstance(token, str) else token
    async with connect(
        url,
        subprotocols=[Subprotocol(name) for name in tokens] or None,
        compression=None,
        max_size=None,
        proxy=None,
        origin=None if origin is None else Origin(origin),
        additional_headers=dict(headers or {}),
        **options,
    ) as connection:
        yield Chatter(connection)


async def refused(url: str, token: str | Sequence[str], **options: Any) -> int:
    """The status of a handshake that must fail."""
    try:
        async with chatter(url, token, **options):
            raise AssertionError("the handshake was accepted")
    except InvalidStatus as refusal:
        return refusal.response.status_code
