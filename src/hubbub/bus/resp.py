"""One connection to a Redis or Valkey server, in RESP 3.

Invariant: *replies come in the order of their commands, and every command gets exactly one
outcome*: its reply, or `ConnectionLost`. With RESP 3 publications come on the same stream, so
that a reply and the publications before and after it are in order too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

import hiredis

from hubbub.bus.address import Address

Argument = bytes | str | int
Reply = object
"""bytes, int, list, dict, None, or `ServerError` for an error reply."""


class ConnectionLost(Exception):
    """The connection ended before the reply came."""


class ServerError(Exception):
    """An error reply."""


Outcome = Reply | ConnectionLost

_pack = cast("Callable[[tuple[Argument, ...]], bytes]", hiredis.pack_command)
_NOT_YET = object()


class RespConnection(asyncio.Protocol):
    """Commands out, replies and pushes in. Use `open`.

    The connection counts as lost when the oldest command has waited `patience` seconds.
    """

    def __init__(
        self,
        patience: float,
        on_push: Callable[[list[object]], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._patience = patience
        self._on_push = on_push
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport = cast(asyncio.Transport, None)
        self._reader = hiredis.Reader(replyError=ServerError, notEnoughData=_NOT_YET)
        self._waiting: deque[tuple[float, Callable[[Outcome], None]]] = deque()
        self._unsent: list[bytes] = []
        self._watch: asyncio.TimerHandle | None = None
        self._lost = False

    @classmethod
    async def open(
        cls,
        address: Address,
        *,
        patience: float,
        on_push: Callable[[list[object]], None],
        on_lost: Callable[[], None],
    ) -> RespConnection:
        """Connect and log in. Raises OSError, TimeoutError, ConnectionLost or ServerError."""
        loop = asyncio.get_running_loop()

        def make() -> RespConnection:
            return cls(patience, on_push, on_lost)

        async with asyncio.timeout(patience):
            if address.path:
                _, connection = await loop.create_unix_connection(make, address.path)
            else:
                _, connection = await loop.create_connection(
                    make, address.host, address.port, ssl=address.tls
                )
        try:
            hello: list[Argument] = ["HELLO", 3]
            if address.password:
                hello += ["AUTH", address.username or "default", address.password]
            await connection.ask(*hello, "SETNAME", "hubbub")
            if address.db:
                await connection.ask("SELECT", address.db)
        except BaseException:
            connection.close()
            raise
        return connection

    def call(self, command: tuple[Argument, ...], done: Callable[[Outcome], None]) -> None:
        """Send a command at the end of this tick; `done` gets its outcome, never at once."""
        if self._lost:
            self._loop.call_soon(done, ConnectionLost())
            return
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(_pack(command))
        now = self._loop.time()
        self._waiting.append((now, done))
        if self._watch is None:
            self._watch = self._loop.call_later(self._patience, self._check)

    async def ask(self, *command: Argument) -> Reply:
        """Send a command and wait for its reply. Raises ConnectionLost or ServerError."""
        future: asyncio.Future[Outcome] = self._loop.create_future()

        def done(outcome: Outcome) -> None:
            if not future.done():
                future.set_result(outcome)

        self.call(command, done)
        outcome = await future
        if isinstance(outcome, (ConnectionLost, ServerError)):
            raise outcome
        return outcome

    def push(self, command: tuple[Argument, ...]) -> None:
        """Send a command that is answered by a push, if at all: SUBSCRIBE and its like."""
        if not self._lost:
            if not self._unsent:
                self._loop.call_soon(self._send)
            self._unsent.append(_pack(command))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        self._end()

    # --- the transport's side ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not _NOT_YET:
                if self._lost:
                    return
                if isinstance(reply, hiredis.PushNotification):
                    self._on_push(reply)
                else:
                    self._waiting.popleft()[1](reply)
        except (hiredis.HiredisError, IndexError):  # not what the protocol allows
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    # ----------------------------------------------------------------------------------------

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if not self._lost and unsent:
            self._transport.write(b"".join(unsent))

    def _check(self) -> None:
        self._watch = None
        if not self._waiting:
            return
        rest = self._waiting[0][0] + self._patience - self._loop.time()
        if rest > 0:
            self._watch = self._loop.call_later(rest, self._check)
        else:
            # This loop itself may have been held up: first read what has come meanwhile.
            self._watch = self._loop.call_later(0.02, self._give_up, self._waiting[0])

    def _give_up(self, oldest: tuple[float, Callable[[Outcome], None]]) -> None:
        self._watch = None
        if self._waiting and self._waiting[0] is oldest:
            self.close()
        else:
            self._check()

    def _end(self) -> None:
        if self._lost:
            return
        self._lost = True
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        waiting, self._waiting = self._waiting, deque()
        self._on_lost()
        for _, done in waiting:
            done(ConnectionLost())
