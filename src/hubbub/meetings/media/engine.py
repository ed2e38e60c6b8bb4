"""The native media engine as the rest of Hubbub sees it.

Commands take effect in the order in which they are told and are not answered; events arrive on
the event loop. The engine's threads never wait for Python.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from hubbub.meetings.media.commands import Command
from hubbub.meetings.media.events import Event
from hubbub.meetings.media.threads import media_threads
from hubbub.meetings.unstaged import NO_ENGINE

logger = logging.getLogger("hubbub.media")


class EngineUnavailable(Exception):
    """There is no media engine; the text says why and what to do."""


class EngineBroken(EngineUnavailable):
    """It is installed and does not load, or its threads have ended."""


class EngineConfiguration(msgspec.Struct, frozen=True):
    """`port` is one number for UDP and, with `tcp`, for TCP; 0: any free one."""

    host: str
    port: int
    threads: int
    tcp: bool = True
    speakers: int = 3  # heard at a time


class Native(Protocol):
    """`hubbub_media.Engine`. Bytes are msgpack."""

    def fingerprint(self) -> str: ...
    def port(self) -> int: ...
    def fileno(self) -> int: ...
    def command(self, data: bytes) -> None: ...
    def events(self) -> bytes: ...
    def stats(self) -> bytes: ...
    def close(self) -> None: ...


def start_native(configuration: EngineConfiguration) -> Native:
    """Raises EngineUnavailable when it is not installed, EngineBroken when it does not load,
    OSError when it cannot listen.
    """
    try:
        module = importlib.import_module("hubbub_media")
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "hubbub_media":
            raise EngineUnavailable(NO_ENGINE) from None
        raise EngineBroken(f"{NO_ENGINE} ({error})") from None
    native: Native = module.Engine(msgspec.msgpack.encode(configuration))
    return native


class Engine:
    """Belongs to one event loop. `on_events` gets what happened, in order; it must not raise.

    `threads` are the ids of those that carry its media.
    """

    def __init__(
        self,
        native: Native,
        on_events: Callable[[Sequence[Event]], None],
        threads: frozenset[int] = frozenset(),
    ) -> None:
        self._native = native
        self._on_events = on_events
        self._threads = threads
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(list[Event])
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self.fingerprint = native.fingerprint()
        self.port = native.port()
        self._loop.add_reader(native.fileno(), self._read)

    def tell(self, commands: Sequence[Command]) -> None:
        """They have been handed over when this returns."""
        if commands and not self._closed:
            self._native.command(self._encoder.encode(commands))

    def stats(self) -> Mapping[str, Any]:
        """Counters and gauges by name; empty once closed."""
        if self._closed:
            return {}
        counted: dict[str, Any] = msgspec.msgpack.decode(self._native.stats(), type=dict)
        return counted

    def check(self) -> None:
        """Raises EngineBroken if one of its threads has ended."""
        if not self._threads <= media_threads():
            raise EngineBroken("Threads of the media engine have ended: restart the server")

    def close(self) -> None:
        """Stop the threads; sessions end silently. Idempotent."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._native.fileno())
            self._native.close()

    def _read(self) -> None:
        try:
            events = self._decoder.decode(self._native.events())
        except msgspec.DecodeError:
            logger.exception("the media engine told something unknown")
            return
        self._on_events(events)
