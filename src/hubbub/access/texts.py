"""Access key ids and secrets in AWS's form."""

from __future__ import annotations

from base64 import b32encode, b64encode
from secrets import token_bytes


def new_access_key_id(prefix: str) -> str:
    """20 characters: ``AKIA`` for long-term keys or ``ASIA`` for temporary ones, and 80 bits."""
    return prefix + b32encode(token_bytes(10)).decode()


def new_secret() -> str:
    """40 characters, 240 bits."""
    return b64encode(token_bytes(30)).decode()


def is_key_id(text: str) -> bool:
    """Can this be the id of any key? Spares databases what they cannot store."""
    return 0 < len(text) <= 128 and text.isascii() and text.isprintable()
