"""Where clients of meetings post what they have experienced (chime-meetings A.12).

It is taken and, at log level debug, told; nothing is kept. Clients try again after 5xx for long,
so that everything that can be read is welcome.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson

from hubbub.store.contract import StoreUnavailable
from hubbub.wire.body import BodyBudget, ClientGone, read_body
from hubbub.wire.errors import ServiceError

BODY_LIMIT = 64 << 10
BODY_SECONDS = 10.0
BODIES_LIMIT = 8 << 20
_BEARER = "bearer "
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"authorization, content-type"),
    (b"access-control-max-age", b"7200"),
]

log = logging.getLogger("hubbub.meetings.client_events")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Directory(Protocol):
    async def is_known(self, join_token: str) -> bool: ...


class EventIngestion:
    """An ASGI application for one path, whatever it is."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._budget = BodyBudget(BODIES_LIMIT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"client events do not come by {scope['type']}")
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        closes = False
        try:
            status = await self._status(scope, headers, receive)
        except ServiceError as error:
            status = error.status or 400
            closes = getattr(error, "unread", False)
        except StoreUnavailable:
            status = 503
        except ClientGone:
            return
        body = b"{}"
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    *_CORS,
                    (b"content-type", b"application/json"),
                    (b"content-length", b"%d" % len(body)),
                    *([(b"connection", b"close")] if closes else []),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _status(self, scope: Scope, headers: Mapping[str, str], receive: Receive) -> int:
        if scope["method"] == "OPTIONS":
            return 200
        if scope["method"] != "POST":
            return 405
        body = await read_body(
            receive, headers, limit=BODY_LIMIT, seconds=BODY_SECONDS, budget=self._budget
        )
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError:
            return 400
        if not isinstance(content, dict):
            return 400
        authorization = headers.get("authorization", "")
        query = scope.get("query_string", b"").decode("latin-1")
        if not authorization and ("beacon", "1") in parse_qsl(query):
            # A page that is being closed cannot set headers.
            authorization = str(content.get("authorization", ""))
        if authorization[: len(_BEARER)].lower() == _BEARER:
            authorization = authorization[len(_BEARER) :]
        if not await self._directory.is_known(authorization.strip()):
            return 403
        events = content.get("events")
        log.debug("client events", extra={"events": len(events) if isinstance(events, list) else 0})
        return 200
