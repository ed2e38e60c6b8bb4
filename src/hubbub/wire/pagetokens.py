"""Page tokens: opaque, authenticated, and good only for the query they came from.

A token is ``base64url(nonce ‖ AES-256-GCM(position))`` without padding, with the query as
associated data. It survives restarts and works on every node that has the same key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_TAG_BYTES = 16


class UnusablePageToken(Exception):
    """No token of ours, altered, or made for another query. Services answer a validation error."""


class PageTokens:
    """Makes and reads the tokens of one deployment.

    `key` is any secret of at least 16 bytes, the same on all nodes. A query is what must not change
    between two pages, as JSON values: operation, account, region and filters.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("the key of page tokens needs at least 16 bytes")
        own_key = hashlib.blake2b(key, digest_size=32, person=b"hubbub-page-tok").digest()
        self._cipher = AESGCM(own_key)

    def seal(self, query: Mapping[str, Any], position: Any) -> str:
        """The token for the page that starts after `position` (JSON values)."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, orjson.dumps(position), _bound_to(query))
        return _text(nonce + sealed)

    def open(self, query: Mapping[str, Any], token: str | None) -> Any:
        """The position in `token`; None for the first page (no token or ``""``).

        Raise UnusablePageToken for anything else that `seal` did not make for this query.
        """
        if not token:
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            if len(raw) < _NONCE_BYTES + _TAG_BYTES or _text(raw) != token:
                raise UnusablePageToken  # base64 has spare bits: only one text is the token
            nonce, sealed = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
            return orjson.loads(self._cipher.decrypt(nonce, sealed, _bound_to(query)))
        except (ValueError, binascii.Error, InvalidTag) as error:
            raise UnusablePageToken from error


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bound_to(query: Mapping[str, Any]) -> bytes:
    return orjson.dumps(query, option=orjson.OPT_SORT_KEYS)
