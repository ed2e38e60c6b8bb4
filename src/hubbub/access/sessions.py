"""Temporary credentials. The session token carries them, sealed; nothing is stored.

They are worth what the key they were made from is worth: when it is revoked, so are they.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

import msgspec

from hubbub.access.keyring import Keyring
from hubbub.access.sealing import SealBroken
from hubbub.access.texts import new_access_key_id, new_secret

PREFIX = "ASIA"
LONGEST_TOKEN = 1024

_ASSOCIATED = b"session 1"


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials as they are handed out."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: float  # epoch seconds


class SessionClaims(msgspec.Struct, frozen=True, array_like=True):
    """What a session token says."""

    access_key_id: str
    secret_access_key: str
    parent_access_key_id: str
    expires_at: float


class Sessions:
    def __init__(self, keyring: Keyring) -> None:
        self._sealer = keyring.sealer("sessions")

    def issue(self, parent_access_key_id: str, expires_at: float) -> Session:
        """Credentials that end at `expires_at` (epoch seconds)."""
        claims = SessionClaims(
            new_access_key_id(PREFIX), new_secret(), parent_access_key_id, expires_at
        )
        box = self._sealer.seal(msgspec.msgpack.encode(claims), _ASSOCIATED)
        token = urlsafe_b64encode(box).rstrip(b"=").decode()
        return Session(claims.access_key_id, claims.secret_access_key, token, expires_at)

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
