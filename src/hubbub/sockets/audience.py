"""Sets of connections that get the same frames.

Invariant: *a member's frames leave in the order in which they were given, whether to it or to any
of its audiences*.

A member is **fast** or **loose**. Fast members have nothing of their own to send and no other
audience; they get, in one write, all that the audience was given since the last one. All others
are loose: each frame goes into their own queue the moment it is broadcast. A fast member that
needs a place in the order (a frame of its own, a close, a second audience, a full socket) becomes
loose and takes with it what is pending.

What is pending leaves after the first tick of the loop that brings nothing more. Writing to all
members takes far longer than a tick, so messages that arrive close to each other, as they do in a
busy room, had better share it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Protocol

from hubbub.sockets.contract import Connection

logger = logging.getLogger("hubbub.sockets")

Write = Callable[[bytes], object]

MOST_PENDING_FRAMES = 64
MOST_PENDING_BYTES = 65_536
"""At these, what is pending leaves although more may be coming."""


class Member(Connection, Protocol):
    """A connection that can be fast. All else is a loose member for good."""

    def joined(self, audience: Audience) -> None: ...
    def left(self, audience: Audience) -> None: ...

    def fast_write(self) -> Write | None:
        """How to write for it as a fast member; None while it cannot be one."""
        ...


class Audience:
    """Connections that get the same frames. Belongs to one event loop."""

    __slots__ = ("_fast", "_loose", "_loosened", "_pending", "_pending_bytes")

    def __init__(self) -> None:
        self._fast: dict[Connection, Write] = {}
        self._loose: dict[Connection, Member | None] = {}
        self._pending: list[bytes] = []  # what fast members have yet to get
        self._pending_bytes = 0
        self._loosened: list[Member] = []  # might be fast again when nothing is pending

    def add(self, connection: Connection) -> None:
        """Let it have every frame broadcast from now on."""
        if connection in self:
            return
        member = as_member(connection)
        self._loose[connection] = member
        if member is not None:
            member.joined(self)
            self.reconsider(member)

    def discard(self, connection: Connection) -> None:
        """No further frame for it; what was broadcast before still reaches it."""
        if connection in self._fast:
            self.loosen(connection)
        elif connection not in self._loose:
            return
        member = self._loose.pop(connection)
        if member is not None:
            member.left(self)

    def __len__(self) -> int:
        return len(self._fast) + len(self._loose)

    def __contains__(self, connection: object) -> bool:
        return connection in self._fast or connection in self._loose

    def __iter__(self) -> Iterator[Connection]:
        return iter([*self._fast, *self._loose])

    def broadcast(self, frame: bytes) -> None:
        """Send one encoded frame to all members; it leaves within a few ticks."""
        if self._fast or self._pending:
            if not self._pending:
                asyncio.get_running_loop().call_soon(self._settle, 0)
            self._pending.append(frame)
            self._pending_bytes += len(frame)
        if self._loose:
            for connection in list(self._loose):
                connection.send(frame)

    def _settle(self, seen: int) -> None:
        """At the end of a tick: wait for another one if this one has brought more than `seen`."""
        count = len(self._pending)
        if seen < count < MOST_PENDING_FRAMES and self._pending_bytes < MOST_PENDING_BYTES:
            asyncio.get_running_loop().call_soon(self._settle, count)
        else:
            self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        pending = self._pending
        if not pending:
            return
        self._pending = []
        self._pending_bytes = 0
        data = pending[0] if len(pending) == 1 else b"".join(pending)
        writes = iter(list(self._fast.values()))
        while True:
            try:
                for write in writes:
                    write(data)
                break
            except Exception:
                # One broken transport must not cost the others their frames.
                logger.exception("write failed")
        if self._loosened:
            loosened, self._loosened = self._loosened, []
            for member in loosened:
                self.reconsider(member)

    def loosen(self, connection: Connection) -> None:
        """Make a fast member loose: what is pending is its own to send from now on."""
        if self._fast.pop(connection, None) is None:
            return
        member = as_member(connection)
        self._loose[connection] = member
        for frame in self._pending:
            connection.send(frame)

    def reconsider(self, member: Member) -> None:
        """Make a loose member fast if it can be; when frames are pending, once they have left."""
        if member not in self._loose:
            return
        if self._pending:
            self._loosened.append(member)
            return
        write = member.fast_write()
        if write is not None:
            del self._loose[member]
            self._fast[member] = write


def as_member(connection: Connection) -> Member | None:
    return connection if hasattr(connection, "fast_write") else None  # type: ignore[return-value]
