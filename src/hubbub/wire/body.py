"""Reading a request's body from ASGI, bounded in bytes and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from hubbub.wire.errors import ServiceError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

DRAIN_BYTES = 4 << 20


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class BodyTooLarge(ServiceError):
    """`unread` tells whether the rest of the body is still on its way."""

    def __init__(self, limit: int, *, unread: bool) -> None:
        super().__init__(
            "RequestEntityTooLargeException",
            f"The request body is larger than {limit} bytes.",
            status=413,
        )
        self.unread = unread


def timed_out() -> ServiceError:
    return ServiceError(
        "RequestTimeoutException", "The request body did not arrive in time.", status=408
    )


async def read_body(
    receive: Receive, headers: Mapping[str, str], *, limit: int, seconds: float
) -> bytes:
    """The whole body. Raise BodyTooLarge, a ServiceError (408) or ClientGone.

    A body that is announced as too large is not asked for. One that turns out too large is read on
    for a little while, because a client that is still sending would not see the answer.
    """
    announced = headers.get("content-length")
    if announced is not None and announced.isdecimal():
        length = int(announced[:20])
        if length > limit + DRAIN_BYTES or ("expect" in headers and length > limit):
            raise BodyTooLarge(limit, unread=True)
        if length == 0:
            return b""
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, limit)
    except TimeoutError:
        raise timed_out() from None


async def _read(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    total = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        total += len(chunk)
        more = message.get("more_body", False)
        if total <= limit:
            if not more:
                return b"".join((*chunks, chunk)) if chunks else chunk
            chunks.append(chunk)
            continue
        chunks.clear()
        if not more or total > limit + DRAIN_BYTES:
            raise BodyTooLarge(limit, unread=more)
