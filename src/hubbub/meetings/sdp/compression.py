"""Compressed SDP (chime-meetings B.6): raw DEFLATE, answers with the one before as dictionary."""

from __future__ import annotations

import zlib

from hubbub.meetings.sdp.agreement import BadOffer

DICTIONARY_CHARACTERS = 31_744
_WINDOW = -15  # raw, no header
_SYNC_FLUSH = b"\x00\x00\xff\xff"


class AnswerCompressor:
    """The answers of one WebSocket connection."""

    def __init__(self) -> None:
        self._previous = b""

    def compress(self, text: str) -> bytes:
        squeeze = zlib.compressobj(wbits=_WINDOW, zdict=self._previous)
        data = squeeze.compress(text.encode()) + squeeze.flush()
        self.remember(text)
        return data

    def remember(self, text: str) -> None:
        """An answer went out as plain text; the next dictionary is that one all the same."""
        self._previous = text[:DICTIONARY_CHARACTERS].encode()


def decompress_offer(data: bytes, most: int) -> str:
    """Each offer stands alone. Raises BadOffer, also beyond `most` bytes of text."""
    expand = zlib.decompressobj(wbits=_WINDOW)
    try:
        text = expand.decompress(data, most)
    except zlib.error:
        raise BadOffer("not DEFLATE") from None
    if expand.unconsumed_tail:
        raise BadOffer("offer too long")
    if not expand.eof and not data.endswith(_SYNC_FLUSH):
        raise BadOffer("DEFLATE cut short")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise BadOffer("not UTF-8") from None
