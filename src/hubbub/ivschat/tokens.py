"""Chat tokens: sealed claims that need no look-up (spec 5).

One invariant: *a text opens if and only if it is, to the letter, one that `ChatTokens.seal` made
with the same sealer*. A token is a sealed box in unpadded base64url (RFC 4648), with a dot behind
the 16 random bytes that the box begins with: these are the token's id.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

import msgspec

from hubbub.access.sealing import SealBroken, Sealer
from hubbub.ivschat.engine.requests import DELETE_MESSAGE, DISCONNECT_USER, SEND_MESSAGE

TOKEN_SECONDS = 60
MAX_TOKEN_LENGTH = 8192

_ID_BYTES = 16
_LABEL = b"hubbub chat token 1"
_CAPABILITIES = (SEND_MESSAGE, DELETE_MESSAGE, DISCONNECT_USER)
_SETS = tuple(
    frozenset(name for bit, name in enumerate(_CAPABILITIES) if mask >> bit & 1)
    for mask in range(1 << len(_CAPABILITIES))
)
"""Bit mask -> set of capabilities, one object for all tokens."""


class Claims(msgspec.Struct, frozen=True):
    """What a token says. Ends are epoch seconds."""

    token_id: str
    room_arn: str
    user_id: str
    attributes: dict[str, str]
    capabilities: frozenset[str]
    token_ends: float
    session_ends: float


class _Sealed(msgspec.Struct, array_like=True, frozen=True):
    room_arn: str
    user_id: str
    attributes: dict[str, str]
    capability_mask: int
    token_ends: float
    session_ends: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Sealed).decode


class ChatTokens:
    """Seals and opens tokens; with the same key on every node."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal(
        self,
        *,
        room_arn: str,
        user_id: str,
        attributes: dict[str, str],
        capabilities: frozenset[str],
        token_ends: float,
        session_ends: float,
    ) -> str:
        mask = sum(1 << bit for bit, name in enumerate(_CAPABILITIES) if name in capabilities)
        claims = _Sealed(room_arn, user_id, attributes, mask, token_ends, session_ends)
        box = self._sealer.seal(_encode(claims), _LABEL)
        return f"{_text(box[:_ID_BYTES])}.{_text(box[_ID_BYTES:])}"

    def open(self, token: str) -> Claims | None:
        """The claims of a token, whether or not it has ended; None for any other text."""
        if len(token) > MAX_TOKEN_LENGTH:
            return None
        id_text, _, rest = token.partition(".")
        token_id, box = _bytes(id_text), _bytes(rest)
        if token_id is None or box is None or len(token_id) != _ID_BYTES:
            return None
        try:
            sealed = _decode(self._sealer.open(token_id + box, _LABEL))
        except SealBroken:
            return None
        return Claims(
            id_text,
            sealed.room_arn,
            sealed.user_id,
            sealed.attributes,
            _SETS[sealed.capability_mask],
            sealed.token_ends,
            sealed.session_ends,
        )


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    """The bytes, if this is the one text that `_text` makes of them."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        return None
    return data if _text(data) == text else None
