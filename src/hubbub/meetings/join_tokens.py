"""Join tokens: sealed ids that need no storage (chime-meetings A.6).

Two invariants: *an attendee has one token, and nothing of it is stored*; *a text opens if and only
if it is, to the letter, one that `JoinTokens.seal` made with the same key*. A token is AES-SIV
(RFC 5297, deterministic) of the ids of meeting and attendee, in base64url: 64 characters, of which
the first 16 bytes are the tag that a stranger would have to guess. It is good as long as its
attendee is there; ids are never used twice.
"""

from __future__ import annotations

import re
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_LABEL = b"hubbub join token 1"
_ID_BYTES = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{64}")


class JoinClaims(NamedTuple):
    """Whose token it is: GUIDs in lower case."""

    meeting_id: str
    attendee_id: str


class JoinTokens:
    """`key` is 32 random bytes, the same on every node and after every start."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def seal(self, meeting_id: str, attendee_id: str) -> str:
        """The token of this attendee, the same each time."""
        ids = uuid.UUID(meeting_id).bytes + uuid.UUID(attendee_id).bytes
        return urlsafe_b64encode(self._cipher.encrypt(ids, [_LABEL])).decode()

    def open(self, token: str) -> JoinClaims | None:
        """Whose token this is, without ``#content``; None for any other text."""
        if _TOKEN.fullmatch(token) is None:
            return None
        try:
            ids = self._cipher.decrypt(urlsafe_b64decode(token), [_LABEL])
        except InvalidTag:
            return None
        meeting, attendee = ids[:_ID_BYTES], ids[_ID_BYTES:]
        return JoinClaims(str(uuid.UUID(bytes=meeting)), str(uuid.UUID(bytes=attendee)))
