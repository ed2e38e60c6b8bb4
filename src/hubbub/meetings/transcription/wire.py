"""What the server and the recogniser's process tell each other: msgpack with a length before it."""

from __future__ import annotations

import struct

import msgspec

from hubbub.meetings.transcription.contract import Word

HEADER = struct.Struct("<I")


class Utterance(msgspec.Struct, tag="utterance"):
    """To the process."""

    id: int
    language: str
    final: bool
    samples: bytes


class Ready(msgspec.Struct, tag="ready"):
    """From the process, once: it can recognise."""

    languages: list[str]


class Unusable(msgspec.Struct, tag="unusable"):
    """From the process, instead of `Ready`; it ends then."""

    reason: str


class Recognized(msgspec.Struct, tag="recognized"):
    id: int
    words: list[Word]


class NotRecognized(msgspec.Struct, tag="not_recognized"):
    """The recogniser raised; the text is for the log."""

    id: int
    reason: str


Answer = Ready | Unusable | Recognized | NotRecognized

_encoder = msgspec.msgpack.Encoder()
decode_utterance = msgspec.msgpack.Decoder(Utterance).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def framed(message: Utterance | Answer) -> bytes:
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body
