"""RFC 6455 frames as a server writes and reads them; bytes in, bytes out."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

from websockets.exceptions import ProtocolError
from websockets.frames import Close


class Opcode(IntEnum):
    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


DATA_OPCODES = frozenset({Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY})
CONTROL_OPCODES = frozenset({Opcode.CLOSE, Opcode.PING, Opcode.PONG})
MAX_CONTROL_PAYLOAD = 125

NORMAL = 1000
PROTOCOL_ERROR = 1002
NO_STATUS = 1005
ABNORMAL = 1006
INVALID_DATA = 1007
TOO_BIG = 1009
INTERNAL_ERROR = 1011
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013

_SHORT = Struct("!BB").pack
_MEDIUM = Struct("!BBH").pack
_LONG = Struct("!BBQ").pack


class Violation(Exception):
    """The peer broke RFC 6455; `code` is the close code it gets."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def encode(opcode: Opcode, payload: bytes) -> bytes:
    """One whole unmasked frame."""
    head = 0x80 | opcode
    length = len(payload)
    if length < 126:
        return _SHORT(head, length) + payload
    if length < 65_536:
        return _MEDIUM(head, 126, length) + payload
    return _LONG(head, 127, length) + payload


def encode_text(payload: bytes) -> bytes:
    """The frame of one text message (`payload` is UTF-8); share it among all its receivers."""
    return encode(Opcode.TEXT, payload)


def encode_binary(payload: bytes) -> bytes:
    """The same of a binary message."""
    return encode(Opcode.BINARY, payload)


PING = encode(Opcode.PING, b"")


def encode_close(code: int, reason: str = "") -> bytes:
    """A Close frame; a reason too long for a control frame is cut between code points."""
    text = reason.encode(errors="replace")[: MAX_CONTROL_PAYLOAD - 2]
    text = text.decode(errors="ignore").encode()
    return encode(Opcode.CLOSE, code.to_bytes(2, "big") + text)


def close_code(payload: bytes) -> int:
    """The code in the payload of a Close frame, 1005 when it has none. Raises `Violation`."""
    try:
        return int(Close.parse(payload).code)
    except ProtocolError as error:
        raise Violation(PROTOCOL_ERROR, str(error)) from error
    except UnicodeDecodeError as error:
        raise Violation(INVALID_DATA, "close reason is not UTF-8") from error
