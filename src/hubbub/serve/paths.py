"""Applications that have one path each; every other path is the next application's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Paths:
    """An ASGI application around `next_application`."""

    def __init__(self, next_application: Application, at: Mapping[str, Application]) -> None:
        self._next = next_application
        self._at = at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._at.get(scope["path"], self._next)(scope, receive, send)
