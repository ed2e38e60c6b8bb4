from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from hubbub.meetings.media.commands import CloseSession, Command, EndMeeting
from hubbub.meetings.media.engine import (
    Engine,
    EngineBroken,
    EngineConfiguration,
    EngineUnavailable,
    start_native,
)
from hubbub.meetings.media.events import Connected, Event, Levels
from hubbub.meetings.media.threads import media_threads


class Pipe:
    """The native side's form, in Python: what is told is kept, events come as written."""

    def __init__(self, data: bytes = b"") -> None:
        self.configuration = data
        self.told: list[Command] = []
        self.waiting = b""
        self.closings = 0
        self._reader, self._writer = os.pipe()

    def happen(self, data: bytes) -> None:
        self.waiting = data
        os.write(self._writer, b"x")

    def fingerprint(self) -> str:
        return "AB"

    def port(self) -> int:
        return 4478

    def fileno(self) -> int:
        return self._reader

    def command(self, data: bytes) -> None:
        self.told += msgspec.msgpack.decode(data, type=list[Command])

    def events(self) -> bytes:
        os.read(self._reader, 1)
        return self.waiting

    def stats(self) -> bytes:
        return msgspec.msgpack.encode({"sessions": 2})

    def close(self) -> None:
        self.closings += 1


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe._reader)
    os.close(pipe._writer)


async def test_commands_go_in_order_and_events_come(pipe: Pipe) -> None:
    heard: asyncio.Queue[Sequence[Event]] = asyncio.Queue()
    engine = Engine(pipe, heard.put_nowait)
    assert (engine.fingerprint, engine.port, engine.stats()) == ("AB", 4478, {"sessions": 2})
    engine.tell([CloseSession(1), EndMeeting(2)])
    engine.tell([])
    assert pipe.told == [CloseSession(1), EndMeeting(2)]
    pipe.happen(
        msgspec.msgpack.encode(
            [
                {"type": "connected", "session": 3},
                {"type": "levels", "meeting": 1, "levels": [[3, 20], [4, 127]]},
            ]
        )
    )
    assert await heard.get() == [Connected(3), Levels(1, ((3, 20), (4, 127)))]
    engine.close()
    engine.close()
    engine.tell([EndMeeting(5)])
    assert pipe.closings == 1
    assert len(pipe.told) == 2
    assert engine.stats() == {}


async def test_an_unknown_event_is_logged(pipe: Pipe, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Sequence[Event]] = []
    engine = Engine(pipe, heard.append)
    pipe.happen(msgspec.msgpack.encode([{"type": "news"}]))
    await asyncio.sleep(0.05)
    assert [record.message for record in caplog.records] == [
        "the media engine told something unknown"
    ]
    assert not heard
    engine.close()


def test_commands_are_maps_named_by_their_type() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(CloseSession(7))) == {
        "type": "close_session",
        "session": 7,
    }


@contextmanager
def thread(name: bytes) -> Iterator[int]:
    """The id of a thread that the kernel knows by this name."""
    named, over = threading.Event(), threading.Event()

    def run() -> None:
        Path("/proc/thread-self/comm").write_bytes(name)
        named.set()
        over.wait()

    started = threading.Thread(target=run)
    started.start()
    named.wait()
    try:
        assert started.native_id is not None
        yield started.native_id
    finally:
        over.set()
        started.join()
        # The kernel is done with it a moment later than Python.
        task, deadline = Path(f"/proc/self/task/{started.native_id}"), time.monotonic() + 10
        while task.exists():
            assert time.monotonic() < deadline
            time.sleep(0.001)


async def test_a_thread_that_ends_is_noticed(pipe: Pipe) -> None:
    others = media_threads()
    with thread(b"media-0") as first:
        with thread(b"media-1") as second, thread(b"web-0"):
            assert media_threads() - others == {first, second}
            engine = Engine(pipe, print, frozenset({first, second}))
            engine.check()
        with pytest.raises(EngineBroken, match="restart"):
            engine.check()
    engine.close()


def test_what_does_not_load_is_not_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = EngineConfiguration("127.0.0.1", 0, 1)
    monkeypatch.syspath_prepend(tmp_path)
    for line in ("import libopus_of_yesterday", "raise ImportError('libc is too old')"):
        (tmp_path / "hubbub_media.py").write_text(line)
        monkeypatch.delitem(sys.modules, "hubbub_media", raising=False)
        with pytest.raises(EngineBroken, match=r"yesterday|too old"):
            start_native(configuration)
    monkeypatch.delitem(sys.modules, "hubbub_media", raising=False)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = EngineConfiguration("127.0.0.1", 0, 1)
    monkeypatch.setitem(sys.modules, "hubbub_media", None)
    with pytest.raises(EngineUnavailable, match="install the package hubbub-media") as missing:
        start_native(configuration)
    assert not isinstance(missing.value, EngineBroken)
    module = ModuleType("hubbub_media")
    module.Engine = Pipe  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hubbub_media", module)
    native = start_native(configuration)
    assert isinstance(native, Pipe)
    assert msgspec.msgpack.decode(native.configuration) == {
        "host": "127.0.0.1",
        "port": 0,
        "threads": 1,
        "tcp": True,
        "speakers": 3,
    }
