"""HTTP/1.1 connections with bounds on everything a peer can make us hold or wait for.

One invariant: *every connection has a deadline*. What it is waiting for decides which:

| waiting for                            | seconds             | then                        |
|----------------------------------------|---------------------|-----------------------------|
| the rest of a request's head           | HEAD_SECONDS        | 408 (nothing sent: close)   |
| the rest of its body                   | BODY_SECONDS        | 408                         |
| its answer, or the peer taking it      | ANSWER_SECONDS      | cut off                     |
| the next request                       | IDLE_SECONDS        | close                       |
| the peer closing after an error        | LINGER_SECONDS      | cut off                     |

Deadlines are counted in ticks of about a second, so that requests cost no timers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from hubbub.serve.refusals import refusal

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application
    from uvicorn.config import Config
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

HEAD_BYTES = 65_536
PIPELINE_REQUESTS = 64  # sent ahead of their answers; more cut the connection off
HEAD_SECONDS = 10
BODY_SECONDS = 30
ANSWER_SECONDS = 60
IDLE_SECONDS = 75
LINGER_SECONDS = 2

logger = logging.getLogger("hubbub.http")


class HttpState(ServerState):
    """What the HTTP connections of a process share: their number, its limit, and the clock.

    `elsewhere` counts connections that count towards `limit` too but are not HTTP any more.
    """

    def __init__(self, limit: int, elsewhere: Callable[[], int]) -> None:
        super().__init__()
        self.now = 0
        self.limit = limit
        self.elsewhere = elsewhere

    def turn(self) -> None:
        """A tick has passed."""
        self.now += 1
        for connection in list(self.connections):
            if isinstance(connection, HttpConnection) and connection.deadline <= self.now:
                connection.overdue()

    def is_full(self) -> bool:
        return len(self.connections) + self.elsewhere() > self.limit


class HttpConnection(HttpToolsProtocol):
    """One connection; becomes a WebSocket of ``config.ws_protocol_class`` on Upgrade."""

    server_state: HttpState

    def __init__(
        self,
        config: Config,
        server_state: HttpState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.deadline = 0  # tick
        # The request that the application has; `cycle` is the newest, and may wait for its turn.
        self._running: RequestResponseCycle | None = None
        self._reading_head = False
        self._reading_body = False
        self._head_bytes = 0  # of complete header lines
        # Bytes received since the head began, or since the last of the body: what the parser may
        # hold of an unfinished line. The packet in which it began is not counted.
        self._fed = 0
        self._is_fresh = False
        self._refused = False
        self._fault = HTTPStatus.BAD_REQUEST

    # --- the transport's side ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))  # uvloop has its own class
        self._wait(HEAD_SECONDS)
        if self.server_state.is_full():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def data_received(self, data: bytes) -> None:
        if self._refused or self.parser is None:
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self._refuse(self._fault)
            return
        if self._reading_head or self._reading_body:
            if self._is_fresh:
                self._is_fresh = False
            else:
                self._fed += len(data)
                if self._fed > HEAD_BYTES:
                    self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Peers may close their side first and still read their answer (not over TLS)."""
        if self._is_answering() and not self._reading_body and self.scheme == "http":
            self.cycle.keep_alive = False
            return True
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)
        self._forsake()
        self.flow.resume_writing()
        self._release()

    def cut_off(self) -> None:
        """End at once; answers that are under way are lost."""
        self._forsake()
        self.transport.abort()

    def _forsake(self) -> None:
        """Let the application know that nobody waits: what it sends must not be written."""
        self.pipeline.clear()
        for cycle in (self._running, self.cycle):
            if cycle is not None:
                if not cycle.response_complete:
                    cycle.disconnected = True
                cycle.message_event.set()

    # --- the parser's side ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reading_head = self._is_fresh = True
        self._head_bytes = self._fed = 0
        self._wait(HEAD_SECONDS)

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        if self._reading_head:  # trailers are nobody's business: they must not pass for headers
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._reading_head = False
        self._reading_body = self._is_fresh = True
        self._fed = 0
        self._wait(BODY_SECONDS)
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINE_REQUESTS:
            raise ValueError("too many requests in a pipeline")

    def on_body(self, body: bytes) -> None:
        self._fed = 0
        self._is_fresh = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._reading_body = False
        self._wait(ANSWER_SECONDS)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._wait(LINGER_SECONDS)
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            self._wait(ANSWER_SECONDS)
        elif not (self._reading_head or self._reading_body):
            self._wait(IDLE_SECONDS)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            self._fault = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("request head too large")  # the parser stops and tells data_received

    # --- the bounds -------------------------------------------------------------------------

    def overdue(self) -> None:
        """The deadline has passed."""
        if self._refused or self.transport.is_closing():
            self.cut_off()
        elif self._reading_body:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        elif self._is_answering():
            self.cut_off()
        elif self._reading_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()
            self._wait(LINGER_SECONDS)

    def _wait(self, seconds: int) -> None:
        self.deadline = self.server_state.now + seconds + 1

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer with an error of HTTP itself, if no answer is under way, and end.

        What the peer still sends runs into the void for a moment: closing with bytes unread
        would make a reset of it, and the peer would not see the answer.
        """
        self._refused = True
        logger.debug("refused a request", extra={"status": status.value})
        if self._is_answering():
            if self.pipeline or self.cycle.response_started:
                self.cut_off()
                return
            if not self._reading_body:  # it is a later request that cannot be read
                self.cycle.keep_alive = False
                self._wait(ANSWER_SECONDS)
                return
            self._forsake()
        self.flow.resume_reading()
        self.transport.write(refusal(status, self.server_state.default_headers))
        self._wait(LINGER_SECONDS)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    # --- becoming a WebSocket ---------------------------------------------------------------

    def _upgrade(self, rest: bytes) -> None:
        if not self._should_upgrade():
            # Some other protocol was offered (h2c): HTTP/1.1 goes on for this one request.
            if self.cycle is not None:
                self.cycle.keep_alive = False
            return
        # RFC 6455 4.1: HTTP/1.1 or later.
        if self._is_answering() or self.parser.get_http_version() != "1.1":
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self.connections.discard(self)
        head = [self.scope["method"].encode("ascii"), b" ", self.url, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            head += (name, b": ", value, b"\r\n")
        head.append(b"\r\n")
        assert self.ws_protocol_class is not None
        protocol: asyncio.Protocol = self.ws_protocol_class()
        transport = self.transport
        transport.set_protocol(protocol)
        self._release()
        protocol.connection_made(transport)
        protocol.data_received(b"".join(head))
        if rest:
            protocol.data_received(rest)

    def _release(self) -> None:
        """Break the cycle with the parser, which would wait for the garbage collector."""
        self.parser = None  # type: ignore[assignment]
