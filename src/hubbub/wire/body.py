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


def too_many() -> ServiceError:
    return ServiceError(
        "ServiceUnavailableException", "Too many request bodies are on their way.", status=503
    )


class BodyBudget:
    """How many bytes of bodies under way are held at a time, of all requests together.

    A body is read before its signature can be checked, so this is what strangers can make of our
    memory. Bodies that arrive in one piece, as nearly all do, are not held and never refused.
    """

    __slots__ = ("_left",)

    def __init__(self, total: int) -> None:
        self._left = total

    def take(self, count: int) -> None:
        """Raise a ServiceError (503) if that many are not left."""
        if count > self._left:
            raise too_many()
        self._left -= count

    def give_back(self, count: int) -> None:
        self._left += count


async def read_body(
    receive: Receive,
    headers: Mapping[str, str],
    *,
    limit: int,
    seconds: float,
    budget: BodyBudget,
) -> bytes:
    """The whole body. Raise BodyTooLarge, a ServiceError (408, 503) or ClientGone.

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
            return await _read(receive, limit, budget)
    except TimeoutError:
        raise timed_out() from None


async def _read(receive: Receive, limit: int, budget: BodyBudget) -> bytes:
    chunks: list[bytes] = []
    try:
        return await _read_into(chunks, receive, limit, budget)
    finally:
        budget.give_back(sum(map(len, chunks)))


async def _read_into(
    chunks: list[bytes], receive: Receive, limit: int, budget: BodyBudget
) -> bytes:
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
            budget.take(len(chunk))
            chunks.append(chunk)
            continue
        budget.give_back(sum(map(len, chunks)))
        chunks.clear()
        if not more or total > limit + DRAIN_BYTES:
            raise BodyTooLarge(limit, unread=more)
