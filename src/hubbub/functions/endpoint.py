"""One URL that functions are POSTed to, over kept connections.

Importing aiohttp takes 0.3 s, so this module is imported only when a function
with a URL is registered, and then before the first call, whose time is short.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from hubbub.functions.contract import FunctionAnswerInvalid, FunctionFailed
from hubbub.functions.url import HttpUrl

_IDLE_SECONDS = 30.0  # older connections may have been forgotten by something on the way
_NO_TIMEOUT = aiohttp.ClientTimeout()  # the caller's holds for the whole call


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes


@dataclass(slots=True)
class _Attempt:
    reused: bool = False
    """Went out on a kept connection and has no answer yet."""


class _Request(aiohttp.ClientRequest):
    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        # A kept connection may hold an answer that nobody asked for. aiohttp (3.14) would take it
        # for the answer to this request.
        if conn.protocol is None or conn.protocol.should_close:
            raise aiohttp.ServerDisconnectedError
        return await super().send(conn)


class HttpEndpoint:
    """Follows no redirects and uses no proxies and no cookies; answers are never decompressed."""

    def __init__(self, url: HttpUrl, answer_limit: int) -> None:
        """Raises ValueError for a URL that cannot be used."""
        self._url = URL(url.address, encoded=True)
        self._authority = url.authority
        self._limit = answer_limit
        self._tls = ssl.create_default_context() if url.tls else True
        self._kept: aiohttp.ClientSession | None = None

    async def post(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """One request, one answer. Raises FunctionError; cancelling drops the connection.

        A request that a kept connection was closed on before any answer is sent once more, on a
        new connection: most likely the other side closed an idle connection in the same moment.
        aiohttp itself would not do that for a POST.
        """
        if self._kept is None:
            self._kept = self._session(keep=True)
        attempt = _Attempt()
        try:
            try:
                return await self._exchange(self._kept, headers, body, attempt)
            except aiohttp.ClientConnectionError as error:
                if not (attempt.reused and _is_unanswered(error)):
                    raise
            async with self._session(keep=False) as session:
                return await self._exchange(session, headers, body, attempt)
        except aiohttp.ClientConnectorError as error:
            raise FunctionFailed(f"{self._authority} cannot be reached: {error}") from None
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            # UnicodeError: a host that IDNA cannot encode
            raise FunctionFailed(f"{type(error).__name__}: {error}") from None

    def _session(self, keep: bool) -> aiohttp.ClientSession:
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_note_reuse)
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            limit=0,  # the places of the function are the limit
            force_close=not keep,
            keepalive_timeout=_IDLE_SECONDS if keep else None,
        )
        return aiohttp.ClientSession(
            connector=connector,
            request_class=_Request,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Accept", "Accept-Encoding"),
            trace_configs=[tracing],
        )

    async def _exchange(
        self,
        session: aiohttp.ClientSession,
        headers: Mapping[str, str],
        body: bytes,
        attempt: _Attempt,
    ) -> HttpAnswer:
        response = await session.post(
            self._url,
            headers=headers,
            data=body,
            allow_redirects=False,
            trace_request_ctx=attempt,
        )
        attempt.reused = False  # an answer that has begun is not asked for again
        try:
            if response.status < 200:  # 101: what follows is no HTTP
                raise FunctionFailed(f"answered with status {response.status}")
            return HttpAnswer(response.status, response.headers, await self._body(response))
        finally:
            response.close()  # keeps the connection after a complete answer

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._limit:
                raise FunctionAnswerInvalid(f"the answer is longer than {self._limit} bytes")
        return bytes(body)

    async def close(self) -> None:
        if self._kept is not None:
            await self._kept.close()


async def _note_reuse(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    context.trace_request_ctx.reused = True


def _is_unanswered(error: aiohttp.ClientConnectionError) -> bool:
    """Was the connection lost before anything came back?"""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)  # otherwise it is the beginning of the answer
    return isinstance(error, aiohttp.ClientOSError | aiohttp.ClientConnectionResetError)
