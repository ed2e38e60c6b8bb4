"""Identifiers of rooms, messages, events and errors: 12 characters of ``[a-zA-Z0-9]``.

One invariant: *an identifier is drawn from 71 bits of the system's randomness, and drawn once*.
"""

from __future__ import annotations

import os
import string
from collections.abc import Callable

ID_LENGTH = 12
_ALPHABET = (string.ascii_letters + string.digits).encode()
_EVEN = 256 - 256 % len(_ALPHABET)  # bytes from here on would favour the first letters
_LETTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
_UNEVEN = bytes(range(_EVEN, 256))


class IdPool:
    """Identifiers cut from one block of randomness after another."""

    def __init__(
        self, entropy: Callable[[int], bytes] = os.urandom, block_bytes: int = 16_384
    ) -> None:
        self._entropy = entropy
        self._block_bytes = block_bytes
        self._letters = ""
        self._next = 0

    def take(self) -> str:
        """One identifier that was never given out before."""
        start = self._next
        end = self._next = start + ID_LENGTH
        identifier = self._letters[start:end]
        if len(identifier) == ID_LENGTH:
            return identifier
        self._refill()
        return self.take()

    def forget(self) -> None:
        """Drop what is left of the block: a forked child must not draw what its parent draws."""
        self._letters = ""
        self._next = 0

    def _refill(self) -> None:
        self._letters = self._entropy(self._block_bytes).translate(_LETTERS, _UNEVEN).decode()
        self._next = 0


_POOL = IdPool()
new_id = _POOL.take
os.register_at_fork(after_in_child=_POOL.forget)
