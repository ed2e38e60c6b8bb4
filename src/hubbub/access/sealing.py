"""Authenticated encryption of secrets and tokens."""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32

_ID_BYTES = 16
_TAG_BYTES = 16
_NONCE = bytes(12)


class SealBroken(Exception):
    """The box was not sealed with this key and associated data, or was altered."""


class Sealer:
    """AES-256-GCM with a key of each box's own: HMAC-SHA256 of its random id.

    No key is used twice, so no nonce can be, however many boxes are sealed. A box is 32 bytes
    longer than its content.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._key = key

    def seal(self, content: bytes, associated: bytes = b"") -> bytes:
        box_id = os.urandom(_ID_BYTES)
        return box_id + self._cipher(box_id).encrypt(_NONCE, content, associated)

    def open(self, box: bytes, associated: bytes = b"") -> bytes:
        """The content. Raises SealBroken."""
        if len(box) < _ID_BYTES + _TAG_BYTES:
            raise SealBroken
        box_id = box[:_ID_BYTES]
        try:
            return self._cipher(box_id).decrypt(_NONCE, box[_ID_BYTES:], associated)
        except InvalidTag:
            raise SealBroken from None

    def _cipher(self, box_id: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._key, box_id, "sha256"))


def subkey(key: bytes, purpose: str) -> bytes:
    """HKDF-Expand (RFC 5869) with SHA-256 to 32 bytes; `key` is uniformly random already."""
    return hmac.digest(key, b"hubbub " + purpose.encode() + b"\x01", "sha256")
