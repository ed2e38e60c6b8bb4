"""``/healthz``, ``/readyz`` and ``/metrics``; every other path is the front door's.

| path       | 200 when                                                       | else |
|------------|----------------------------------------------------------------|------|
| `/healthz` | the process answers                                            |      |
| `/readyz`  | store and bus answer within 2 s, and the media engine is well  | 503  |
| `/metrics` | always; Prometheus's text format                               |      |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from hubbub.serve.exposition import render

if TYPE_CHECKING:
    from uvicorn._types import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        HTTPResponseStartEvent,
        Scope,
    )

Check = Callable[[], Awaitable[None]]
"""Returns when the part it asks answers; raises what it likes when not."""

CHECK_SECONDS = 2.0
TEXT = b"text/plain; charset=utf-8"

logger = logging.getLogger("hubbub.health")


class Health:
    """An ASGI application around the front door's."""

    def __init__(self, front_door: ASGI3Application, checks: Mapping[str, Check]) -> None:
        self._front_door = front_door
        self._checks = checks
        self._own: dict[str, Callable[[], Awaitable[tuple[int, bytes, bytes]]]] = {
            "/healthz": self._alive,
            "/readyz": self._ready,
            "/metrics": self._metrics,
        }

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        if scope["type"] != "http" or (own := self._own.get(scope["path"])) is None:
            await self._front_door(scope, receive, send)
            return
        status, content_type, body = 405, TEXT, b"Method not allowed\n"
        if scope["method"] in {"GET", "HEAD"}:
            status, content_type, body = await own()
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", b"%d" % len(body)),
                (b"cache-control", b"no-store"),
            ],
            "trailers": False,
        }
        await send(start)
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _alive(self) -> tuple[int, bytes, bytes]:
        return 200, TEXT, b"alive\n"

    async def _ready(self) -> tuple[int, bytes, bytes]:
        names = list(self._checks)
        failed = [
            name
            for name, works in zip(
                names, await asyncio.gather(*map(self._works, names)), strict=True
            )
            if not works
        ]
        if failed:
            return 503, TEXT, f"not ready: {', '.join(failed)}\n".encode()
        return 200, TEXT, b"ready\n"

    async def _works(self, name: str) -> bool:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._checks[name]()
        except Exception as error:
            logger.warning("not ready", extra={"part": name, "error": type(error).__name__})
            return False
        return True

    async def _metrics(self) -> tuple[int, bytes, bytes]:
        content_type, body = await asyncio.to_thread(render)
        return 200, content_type.encode(), body
