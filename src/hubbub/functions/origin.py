"""A host that serves functions, and the kept connections to it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from hubbub.functions.connection import Connection, ConnectionStale, HttpAnswer
from hubbub.functions.contract import FunctionFailed

_IDLE_SECONDS = 30.0  # older ones may have been forgotten by something on the way
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """An absolute http or https URL, as far as a client needs it."""

    tls: bool
    host: str
    port: int
    authority: str  # for the Host header
    path: str  # percent-encoded, at least "/"
    query: str
    credentials: str  # "user:password", percent-encoded, or ""


def parse_http_url(text: str) -> HttpUrl:
    """Raises ValueError that says in words what is wrong."""
    if not text.isascii() or any(character <= " " or character == "\x7f" for character in text):
        raise ValueError("a URL holds no spaces and no characters beyond ASCII")
    parts = urlsplit(text)
    if parts.scheme not in _PORTS:
        raise ValueError("a URL starts with http:// or https://")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port is no number up to 65535") from None
    if not parts.hostname or port == 0:
        raise ValueError("the host is missing" if not parts.hostname else "the port is 0")
    if parts.fragment:
        raise ValueError("a URL of a function has no #fragment")
    credentials, _, authority = parts.netloc.rpartition("@")
    return HttpUrl(
        tls=parts.scheme == "https",
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        authority=authority,
        path=parts.path or "/",
        query=parts.query,
        credentials=credentials,
    )


class Origin:
    """Sends requests over kept connections; redirects and proxies are not followed."""

    def __init__(self, url: HttpUrl, answer_limit: int) -> None:
        self._url = url
        self._limit = answer_limit
        self._tls = ssl.create_default_context() if url.tls else None
        self._idle: list[Connection] = []

    async def exchange(self, request: bytes) -> HttpAnswer:
        """One request, one answer. Raises FunctionError; cancelling drops the connection."""
        kept = self._take()
        if kept is not None:
            try:
                return await self._on(kept, request)
            except ConnectionStale:
                pass  # closed by the other side in the same moment: it has not been served
        try:
            return await self._on(await self._connect(), request)
        except ConnectionStale:
            raise FunctionFailed("the connection was closed") from None

    async def _on(self, connection: Connection, request: bytes) -> HttpAnswer:
        try:
            answer = await connection.exchange(request)
        except BaseException:
            connection.close()
            raise
        if connection.reusable:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _take(self) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - _IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and connection.idle_since >= oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._limit), self._url.host, self._url.port, ssl=self._tls
            )
        except (OSError, UnicodeError) as error:  # UnicodeError: a host that IDNA cannot encode
            raise FunctionFailed(f"{self._url.authority} cannot be reached: {error}") from None
        return connection

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
