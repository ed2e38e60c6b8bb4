"""The load clients' Python side: commands in, reports out."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from bench.build import program
from bench.places import CLIENT_CORE

PINNED = ("taskset", "--cpu-list", str(CLIENT_CORE))
WINDOW = 64  # handshakes under way


class LoadFailed(Exception):
    """The client could not do its work, or what it saw was wrong."""


class Opened(msgspec.Struct):
    seconds: float
    opened: int
    refused: int
    first_refusal: str


class Rounds(msgspec.Struct):
    """Messages sent to a room; times from sending to the last member's receipt."""

    seconds: float
    messages: int
    complete: int
    deliveries: int
    p50_ms: float
    p99_ms: float
    payload_bytes: int
    unexpected: int
    unsendable: int
    lost: int
    stalled: bool
    strange: int
    first_strange: str


class Answers(msgspec.Struct):
    """HTTP requests answered; `refused` are those with another status than 2xx."""

    seconds: float
    answered: int
    refused: int
    unread: int
    reconnects: int
    p50_ms: float
    p99_ms: float
    first_refusal: str


class Members:
    """The connections of one room, held by the fan-out client."""

    def __init__(self, protocol: str, port: int, *, size: int, publishers: int) -> None:
        self._popen = subprocess.Popen(
            [*PINNED, program("fanout"), protocol, str(port), str(size), str(publishers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def open(self, count: int, tokens: Path | None) -> Opened:
        """Connect so many more. Raises LoadFailed unless all get in."""
        opened = msgspec.json.decode(
            self._ask(f"open {count} {WINDOW} {tokens or ''}".rstrip()), type=Opened
        )
        if opened.opened != count:
            raise LoadFailed(f"{opened.opened} of {count} opened: {opened.first_refusal}")
        return opened

    def closed(self, outstanding: int, seconds: float) -> Rounds:
        """Messages one after the other, `outstanding` under way at any time."""
        return self._rounds(f"closed {outstanding} {seconds}")

    def paced(self, rate: float, seconds: float) -> Rounds:
        """`rate` messages a second, whether or not earlier ones have arrived."""
        return self._rounds(f"paced {rate} {seconds}")

    def _rounds(self, command: str) -> Rounds:
        rounds = msgspec.json.decode(self._ask(command), type=Rounds)
        faults = rounds.unexpected + rounds.unsendable + rounds.lost + rounds.strange
        if faults or rounds.stalled or rounds.complete != rounds.messages:
            raise LoadFailed(f"{command}: {rounds}")
        return rounds

    def _ask(self, command: str) -> bytes:
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.write(f"{command}\n".encode())
        self._popen.stdin.flush()
        answer = self._popen.stdout.readline()
        if not answer:
            raise LoadFailed(f"{command}: the client ended with {self._popen.wait()}")
        return answer

    def __enter__(self) -> Members:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.close()
        self._popen.stdout.close()
        self._popen.wait(30)


def request_load(port: int, requests: Path, connections: int, seconds: float) -> Answers:
    """The requests over and over. Raises LoadFailed when one is refused."""
    return _http(port, requests, connections, "load", str(seconds))


def each_request(port: int, requests: Path, connections: int, bodies: Path) -> Answers:
    """Each request once; the answers' bodies go to a file, one a line, in no order."""
    return _http(port, requests, connections, "once", str(bodies))


def write_requests(path: Path, requests: Sequence[bytes]) -> None:
    path.write_bytes(b"".join(b"%d\n%b" % (len(request), request) for request in requests))


def _http(port: int, requests: Path, connections: int, mode: str, argument: str) -> Answers:
    done = subprocess.run(
        [*PINNED, program("http"), str(port), str(connections), requests, mode, argument],
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise LoadFailed(f"the HTTP client ended with {done.returncode}")
    answers = msgspec.json.decode(done.stdout, type=Answers)
    if answers.refused or not answers.answered:
        raise LoadFailed(f"{answers.refused} refused: {answers.first_refusal}")
    return answers
