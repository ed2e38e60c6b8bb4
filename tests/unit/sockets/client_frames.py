"""Frames as clients send them, well formed and otherwise."""

from __future__ import annotations

MASK = b"\x37\xfa\x21\x3d"

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    last: bool = True,
    reserved: int = 0,
    masked: bool = True,
    length_bytes: int | None = None,
) -> bytes:
    """One frame; `length_bytes` (0, 2 or 8) asks for a longer form of the length than needed."""
    length = len(payload)
    if length_bytes is None:
        length_bytes = 0 if length < 126 else 2 if length < 65_536 else 8
    short = {0: length, 2: 126, 8: 127}[length_bytes]
    head = bytes([(0x80 if last else 0) | reserved | opcode, (0x80 if masked else 0) | short])
    head += length.to_bytes(length_bytes, "big") if length_bytes else b""
    return head + (MASK + mask(payload) if masked else payload)


def mask(payload: bytes) -> bytes:
    return bytes(byte ^ MASK[index % 4] for index, byte in enumerate(payload))


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


LIMIT = 1_000
"""The message limit the malformed frames are made for."""

MALFORMED: dict[str, tuple[bytes, int]] = {
    "unmasked": (frame(TEXT, b"x", masked=False), 1002),
    "unmasked-ping": (frame(PING, b"", masked=False), 1002),
    "rsv1": (frame(TEXT, b"x", reserved=0x40), 1002),
    "rsv2": (frame(TEXT, b"x", reserved=0x20), 1002),
    "rsv3": (frame(BINARY, b"x", reserved=0x10), 1002),
    "rsv1-on-a-ping": (frame(PING, b"", reserved=0x40), 1002),
    **{
        f"opcode-{opcode:x}": (frame(opcode, b"x"), 1002)
        for opcode in (0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF)
    },
    "continuation-of-nothing": (frame(CONTINUATION, b"x"), 1002),
    "continuation-of-nothing-not-last": (frame(CONTINUATION, b"x", last=False), 1002),
    "continuation-after-the-last": (
        frame(TEXT, b"a", last=False) + frame(CONTINUATION, b"b") + frame(CONTINUATION, b"c"),
        1002,
    ),
    "text-within-a-message": (frame(TEXT, b"a", last=False) + frame(TEXT, b"b"), 1002),
    "binary-within-a-message": (frame(TEXT, b"a", last=False) + frame(BINARY, b"b"), 1002),
    "ping-in-fragments": (frame(PING, b"x", last=False), 1002),
    "close-in-fragments": (frame(CLOSE, b"\x03\xe8", last=False), 1002),
    "ping-of-126-bytes": (frame(PING, b"x" * 126), 1002),
    "ping-in-long-form": (frame(PING, b"x", length_bytes=2), 1002),
    "close-of-126-bytes": (frame(CLOSE, b"\x03\xe8" + b"x" * 124), 1002),
    "length-16-not-minimal": (frame(TEXT, b"x" * 125, length_bytes=2), 1002),
    "length-64-not-minimal": (frame(TEXT, b"x" * 126, length_bytes=8), 1002),
    "length-with-its-top-bit-set": (b"\x81\xff" + b"\xff" * 8 + MASK, 1002),
    "too-big": (frame(TEXT, b"x" * (LIMIT + 1)), 1009),
    "too-big-by-its-head-alone": (b"\x82\xff" + (1 << 40).to_bytes(8, "big") + MASK, 1009),
    "too-big-in-fragments": (
        frame(TEXT, b"x" * LIMIT, last=False) + frame(CONTINUATION, b"x"),
        1009,
    ),
    "text-not-utf-8": (frame(TEXT, b"a\xff"), 1007),
    "text-a-surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "text-overlong": (frame(TEXT, b"\xc0\xaf"), 1007),
    "text-beyond-unicode": (frame(TEXT, b"\xf4\x90\x80\x80"), 1007),
    "text-cut-within-a-code-point": (frame(TEXT, "é".encode()[:1]), 1007),
    "text-in-fragments-not-utf-8": (
        frame(TEXT, b"\xc3", last=False) + frame(CONTINUATION, b"("),
        1007,
    ),
    "close-of-one-byte": (frame(CLOSE, b"\x03"), 1002),
    **{
        f"close-{code}": (close(code), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
    "close-reason-not-utf-8": (close(1000, b"\xff"), 1007),
}
"""What it is called -> the bytes, and the code they are answered with."""
