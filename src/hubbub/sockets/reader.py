"""What a peer's bytes mean.

Invariant: *messages come out whole and valid, in order, up to the first violation, and nothing
after it*. A reader between messages holds nothing, so that connections can share one.
"""

from __future__ import annotations

from hubbub.sockets.frames import (
    CONTROL_OPCODES,
    DATA_OPCODES,
    INVALID_DATA,
    MAX_CONTROL_PAYLOAD,
    PROTOCOL_ERROR,
    TOO_BIG,
    Opcode,
    Violation,
)

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover - only where websockets was built without its extension
    from websockets.utils import apply_mask

__all__ = ["Event", "MessageReader"]

Event = tuple[Opcode, bytes]
"""A whole message (TEXT or BINARY) or a control frame (CLOSE, PING, PONG), unmasked."""


class MessageReader:
    """Frames of one masked (client to server) byte stream.

    ``limit`` is the greatest message length in bytes, over all its fragments.
    """

    __slots__ = ("_buffer", "_fragments", "_need", "_opcode", "_size", "limit", "more")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._need = 0  # nothing can be read before the buffer is this long
        self._opcode: Opcode | None = None  # of the fragmented message under way
        self._fragments: list[bytes] = []
        self._size = 0
        self.more = False  # the last `feed` stopped early: feed it again, with nothing if need be

    @property
    def idle(self) -> bool:
        """No frame and no message is under way."""
        return not self._buffer and self._opcode is None

    def feed(self, data: bytes, events: list[Event], most: int = 1 << 30) -> None:
        """Append to `events` what `data` completes, until it holds `most`.

        Raises `Violation`; then drop the reader.
        """
        self.more = False
        source: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._need:
                return
            source = self._buffer
        at, end = 0, len(source)
        while end - at >= 2:
            after = self._frame(source, at, end, events)
            if after == 0:
                break
            at = after
            if len(events) >= most:
                self.more = at < end
                self._need = 0
                break
        else:
            self._need = 2
        if source is self._buffer:
            del self._buffer[:at]
        elif at < end:
            self._buffer += data[at:]

    def _frame(self, source: bytes | bytearray, at: int, end: int, events: list[Event]) -> int:
        """Read the frame that starts at `at`; 0 when it is not all there, else where it ends."""
        head, length = source[at], source[at + 1]
        if not length & 0x80:
            raise Violation(PROTOCOL_ERROR, "client frames must be masked")
        length &= 0x7F
        start = at + 6
        if length == 126:
            start = at + 8
            if end < start:
                return self._wait(start - at)
            length = int.from_bytes(source[at + 2 : at + 4], "big")
            if length < 126:
                raise Violation(PROTOCOL_ERROR, "length is not minimal")
        elif length == 127:
            start = at + 14
            if end < start:
                return self._wait(start - at)
            length = int.from_bytes(source[at + 2 : at + 10], "big")
            if not 65_536 <= length < 1 << 63:
                raise Violation(PROTOCOL_ERROR, "length is not minimal or too great")
        opcode = self._check(head, length)
        stop = start + length
        if end < stop:
            return self._wait(stop - at)
        payload: bytes = b""
        if length:
            payload = apply_mask(bytes(source[start:stop]), bytes(source[start - 4 : start]))
        if opcode in CONTROL_OPCODES:
            events.append((opcode, payload))
        elif head & 0x80 and opcode is not Opcode.CONTINUATION:
            events.append((opcode, _checked(opcode, payload)))
        else:
            self._fragment(opcode, payload, last=bool(head & 0x80), events=events)
        return stop

    def _wait(self, need: int) -> int:
        self._need = need
        return 0

    def _check(self, head: int, length: int) -> Opcode:
        if head & 0x70:
            raise Violation(PROTOCOL_ERROR, "reserved bits must be 0")
        try:
            opcode = Opcode(head & 0x0F)
        except ValueError:
            raise Violation(PROTOCOL_ERROR, "invalid opcode") from None
        if opcode in DATA_OPCODES:
            if (opcode is Opcode.CONTINUATION) == (self._opcode is None):
                raise Violation(PROTOCOL_ERROR, "fragments out of order")
            if self._size + length > self.limit:
                raise Violation(TOO_BIG, f"message exceeds {self.limit} bytes")
        elif length > MAX_CONTROL_PAYLOAD:
            raise Violation(PROTOCOL_ERROR, "control frame too long")
        elif not head & 0x80:
            raise Violation(PROTOCOL_ERROR, "fragmented control frame")
        return opcode

    def _fragment(self, opcode: Opcode, payload: bytes, *, last: bool, events: list[Event]) -> None:
        if opcode is not Opcode.CONTINUATION:
            self._opcode = opcode
        if payload:
            # Empty fragments are legal without end: they must not cost memory.
            self._fragments.append(payload)
            self._size += len(payload)
        if last:
            assert self._opcode is not None
            events.append((self._opcode, _checked(self._opcode, b"".join(self._fragments))))
            self._opcode = None
            self._fragments = []
            self._size = 0


def _checked(opcode: Opcode, payload: bytes) -> bytes:
    if opcode is Opcode.TEXT and not payload.isascii():
        try:
            payload.decode()
        except UnicodeDecodeError:
            raise Violation(INVALID_DATA, "text is not UTF-8") from None
    return payload
