"""CreateChatToken (spec 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from hubbub.ivschat.clock import Clock
from hubbub.ivschat.engine.attributes import TOKEN_BYTES, size
from hubbub.ivschat.errors import invalid, not_found
from hubbub.ivschat.ownership import require_own
from hubbub.ivschat.tokens import TOKEN_SECONDS, ChatTokens
from hubbub.wire.service import Call

if TYPE_CHECKING:
    from types_boto3_ivschat.type_defs import CreateChatTokenRequestTypeDef

DEFAULT_SESSION_MINUTES = 60


class TokenDesk:
    """Hands out tokens for rooms that exist."""

    def __init__(
        self, tokens: ChatTokens, exists: Callable[[str], Awaitable[bool]], clock: Clock
    ) -> None:
        self._tokens = tokens
        self._exists = exists
        self._clock = clock

    async def create(
        self, call: Call, request: CreateChatTokenRequestTypeDef
    ) -> dict[str, str | int]:
        attributes = dict(request.get("attributes") or {})
        if size(attributes) > TOKEN_BYTES:
            raise invalid("attributes", f"must not be larger than {TOKEN_BYTES} bytes")
        arn = request["roomIdentifier"]
        require_own(call, arn)
        if not await self._exists(arn):
            raise not_found(arn)
        now = self._clock.microseconds()
        minutes = request.get("sessionDurationInMinutes") or DEFAULT_SESSION_MINUTES
        token_ends = now + TOKEN_SECONDS * 1_000_000
        session_ends = now + minutes * 60_000_000
        token = self._tokens.seal(
            room_arn=arn,
            user_id=request["userId"],
            attributes=attributes,
            capabilities=frozenset(request.get("capabilities") or ()),
            token_ends=token_ends / 1_000_000,
            session_ends=session_ends / 1_000_000,
        )
        return {
            "token": token,
            "tokenExpirationTime": token_ends,
            "sessionExpirationTime": session_ends,
        }
