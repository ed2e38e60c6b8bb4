"""One HTTP/1.1 connection to a function: a request, its answer, the next request.

Ours rather than httpx: a call through httpx costs 0.6 ms of the loop's time and its import 0.3 s,
which is much of the 200 ms a review has and of the second a cold start has.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import cast

import httptools

from hubbub.functions.contract import FunctionAnswerInvalid, FunctionFailed

_HEAD_BYTES = 65_536


class ConnectionStale(Exception):
    """A kept connection turned out to be closed before anything came back."""


@dataclass(slots=True)
class HttpAnswer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case; the last wins
    body: bytes = b""


class Connection(asyncio.Protocol):
    """Reads one answer at a time, of at most `limit` bytes of body."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[HttpAnswer] | None = None
        self._calls = 0
        self._reset()
        self.reusable = True
        """May it carry one more request?"""
        self.idle_since = 0.0

    def _reset(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._answer = HttpAnswer()
        self._chunks: list[bytes] = []
        self._received = 0
        self._length = 0
        self._head_complete = False
        self._bounded = False  # by Content-Length or chunks, not by the end of the connection
        self._keep_alive = False
        self._too_long = False

    async def exchange(self, request: bytes) -> HttpAnswer:
        """Raises FunctionError, and ConnectionStale when a new connection may do better."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionStale
        self._reset()
        self._calls += 1
        self._waiting = asyncio.get_running_loop().create_future()
        transport.write(request)
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def close(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        if self._waiting is None or self._waiting.done():
            self.close()  # nobody asked
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(FunctionFailed("the answer is no HTTP"))
            return
        if not self._head_complete and self._received > _HEAD_BYTES:
            self._fail(FunctionFailed("the headers of the answer are too long"))
        elif self._too_long or self._received > _HEAD_BYTES + 8 * self._limit:
            self._fail(FunctionAnswerInvalid(f"the answer is longer than {self._limit} bytes"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        if self._head_complete and not self._bounded and exc is None and not self._too_long:
            self._finish()
        elif self._calls > 1 and not self._received:
            self._fail(ConnectionStale())
        else:
            self._fail(FunctionFailed("the connection was lost before the answer was complete"))

    # What the parser calls

    def on_message_begin(self) -> None:
        if self._waiting is None or self._waiting.done():
            self.reusable = False  # more than one answer

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.decode("latin-1").lower()
        self._answer.headers[lower] = value.decode("latin-1")
        if lower in ("content-length", "transfer-encoding"):
            self._bounded = True

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        self._keep_alive = self._parser.should_keep_alive()
        self._head_complete = self._answer.status >= 200

    def on_body(self, body: bytes) -> None:
        self._length += len(body)
        if self._length > self._limit:
            self._too_long = True
            self._chunks.clear()
        else:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        if self._answer.status < 200:  # 100 Continue and the like: the answer is still to come
            self._answer = HttpAnswer()
            self._bounded = False
        elif not self._too_long:
            self._finish()

    # Outcomes

    def _finish(self) -> None:
        self.reusable = self.reusable and self._keep_alive
        if self._waiting is not None and not self._waiting.done():
            self._answer.body = b"".join(self._chunks)
            self._waiting.set_result(self._answer)

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)
        self.close()
