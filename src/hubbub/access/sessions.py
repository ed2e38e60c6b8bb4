"""Temporary credentials. The session token carries them, sealed; nothing is stored.

They are worth what the key they were made from is worth: when it is revoked, so are they.
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from hubbub.access.keyring import Keyring
from hubbub.access.sealing import SealBroken
from hubbub.access.texts import new_access_key_id, new_secret

PREFIX = "ASIA"
LONGEST_TOKEN = 4096  # characters: goes into a header of every call
PACKED_BYTES = 2048

_ASSOCIATED = b"session 1"

Kind = Literal["session", "federated-user", "assumed-role"]
"""How credentials were made: GetSessionToken, GetFederationToken, AssumeRole."""


class PackedTooLarge(Exception):
    """Session policy and session tags together do not fit into a session token."""


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials as they are handed out."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: float  # epoch seconds
    packed_percent: int = 0  # how much of the room for policy and tags is used up


class SessionClaims(msgspec.Struct, frozen=True, array_like=True):
    """What a session token says. Members are only ever added, at the end and with a default."""

    access_key_id: str
    secret_access_key: str
    parent_access_key_id: str  # a long-term key
    expires_at: float
    kind: Kind = "session"
    name: str = ""  # of the federated user, or of the role's session
    role_arn: str = ""
    packed: bytes = b""

    @property
    def limits(self) -> SessionLimits:
        if not self.packed:
            return SessionLimits()
        return msgspec.msgpack.decode(zlib.decompress(self.packed), type=SessionLimits)


class SessionLimits(msgspec.Struct, frozen=True, array_like=True):
    """Session policy and session tags."""

    policy: str = ""  # "": none
    tags: Mapping[str, str] = {}


class Sessions:
    def __init__(self, keyring: Keyring) -> None:
        self._sealer = keyring.sealer("sessions")

    def issue(
        self,
        parent_access_key_id: str,
        expires_at: float,
        *,
        kind: Kind = "session",
        name: str = "",
        role_arn: str = "",
        limits: SessionLimits | None = None,
    ) -> Session:
        """Credentials that end at `expires_at` (epoch seconds). Raise PackedTooLarge."""
        packed = b""
        if limits is not None and (limits.policy or limits.tags):
            packed = zlib.compress(msgspec.msgpack.encode(limits), 9)
        if len(packed) > PACKED_BYTES:
            raise PackedTooLarge
        claims = SessionClaims(
            new_access_key_id(PREFIX),
            new_secret(),
            parent_access_key_id,
            expires_at,
            kind,
            name,
            role_arn,
            packed,
        )
        box = self._sealer.seal(msgspec.msgpack.encode(claims), _ASSOCIATED)
        token = urlsafe_b64encode(box).rstrip(b"=").decode()
        percent = -(-100 * len(packed) // PACKED_BYTES)
        return Session(claims.access_key_id, claims.secret_access_key, token, expires_at, percent)

    def open(self, session_token: str) -> SessionClaims | None:
        """The claims, whether or not they have ended; None for what we did not issue."""
        if len(session_token) > LONGEST_TOKEN:
            return None
        try:
            box = urlsafe_b64decode(session_token + "=" * (-len(session_token) % 4))
            content = self._sealer.open(box, _ASSOCIATED)
        except (ValueError, SealBroken):
            return None
        return msgspec.msgpack.decode(content, type=SessionClaims)
