"""Connections that mean no good, in a process of their own.

    python -m tests.scenarios.garbage PORT TLS_PORT CONNECTIONS SECONDS  < tokens

holds CONNECTIONS connections at a time, each of a random kind, for SECONDS, and prints how many
of each kind it made. Tokens (one a line on stdin) open those that misbehave only once they are in.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import random
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

HANDSHAKE = (
    b"GET /ivschat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
)
CLOSE_BY_RESET = struct.pack("ii", 1, 0)


@dataclass
class Peer:
    """One connection and what it needs to misbehave."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    chance: random.Random
    tokens: Iterator[str]
    until: float  # monotonic

    def left(self) -> float:
        return max(0.0, self.until - time.monotonic())

    async def hold(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, self.left()))

    async def enter(self) -> None:
        """A good handshake, while there are tokens."""
        token = next(self.tokens, "spent.token")
        self.writer.write(HANDSHAKE + f"Sec-WebSocket-Protocol: {token}\r\n\r\n".encode())
        await self.reader.readuntil(b"\r\n\r\n")

    def reset(self) -> None:
        """End with a reset instead of an orderly close."""
        linger = self.writer.get_extra_info("socket")
        linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLOSE_BY_RESET)
        self.writer.transport.abort()


def frame(opcode: int, payload: bytes, *, fin: bool = True, mask: bool = True) -> bytes:
    head = bytes([opcode | (0x80 if fin else 0)])
    flag = 0x80 if mask else 0
    if len(payload) < 126:
        head += bytes([flag | len(payload)])
    elif len(payload) < 65_536:
        head += bytes([flag | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([flag | 127]) + struct.pack("!Q", len(payload))
    return head + (bytes(4) if mask else b"") + payload


MALFORMED: list[bytes] = [
    frame(1, b"\xff\xfe\xfd"),
    frame(1, b"{}", mask=False),
    frame(3, b""),
    frame(11, b""),
    frame(0, b"orphan"),
    frame(1, b"a", fin=False) + frame(1, b"b"),
    frame(9, b"", fin=False),
    frame(9, bytes(126)),
    frame(8, b"\x03"),
    frame(8, struct.pack("!H", 1005)),
    frame(8, struct.pack("!H", 65_535) + b"\xff"),
    b"\xf1\x80" + bytes(4),
    b"\x81\xff" + b"\xff" * 12,
    b"\x81\xff" + struct.pack("!Q", 1 << 40) + bytes(4),
    frame(1, b"x" * 200_000),
    frame(2, b"x" * 130_000),
]

NONSENSE: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"[" * 30_000,
    b'{"Action":"SEND_MESSAGE"}',
    b'{"Action":"SEND_MESSAGE","Content":"' + b"x" * 20_000 + b'"}',
    b'{"Action":{},"RequestId":[]}',
    b"\x00" * 100,
    b'{"Action":"DELETE_MESSAGE","Id":"\\ud800"}',
]


async def random_bytes(peer: Peer) -> None:
    for _ in range(peer.chance.randint(1, 10)):
        peer.writer.write(peer.chance.randbytes(peer.chance.randint(1, 4_000)))
        await peer.writer.drain()
        await peer.hold(0.1)


async def nothing_at_all(peer: Peer) -> None:
    await peer.hold(peer.chance.uniform(1, 8))


async def slow_loris(peer: Peer) -> None:
    """A handshake of one byte at a time."""
    for byte in HANDSHAKE + b"\r\n":
        peer.writer.write(bytes([byte]))
        await peer.hold(peer.chance.uniform(0.05, 0.3))
        if not peer.left() or peer.reader.at_eof():
            return


async def endless_headers(peer: Peer) -> None:
    peer.writer.write(HANDSHAKE)
    for n in itertools.count():
        peer.writer.write(f"X-{n}: {'y' * 1_000}\r\n".encode())
        await peer.writer.drain()
        await peer.hold(0.02)
        if not peer.left():
            return


async def no_such_token(peer: Peer) -> None:
    token = peer.chance.randbytes(200).hex()
    peer.writer.write(HANDSHAKE + f"Sec-WebSocket-Protocol: {token}\r\n\r\n".encode())
    await peer.reader.read(4_096)


async def half_open(peer: Peer) -> None:
    """It gets in, and then it is as if the cable were cut."""
    await peer.enter()
    await peer.hold(peer.chance.uniform(1, 8))
    peer.reset()


async def malformed_frame(peer: Peer) -> None:
    await peer.enter()
    peer.writer.write(peer.chance.choice(MALFORMED))
    await peer.writer.drain()
    await peer.reader.read(4_096)
    await peer.hold(1)


async def nonsense(peer: Peer) -> None:
    """Good frames of bad requests, faster than allowed."""
    await peer.enter()
    for _ in range(60):
        peer.writer.write(frame(1, peer.chance.choice(NONSENSE)))
        await peer.writer.drain()
        await peer.hold(0.05)


async def pieces(peer: Peer) -> None:
    """A message in fragments of one byte, among pings, that never ends."""
    await peer.enter()
    peer.writer.write(frame(1, b"{", fin=False))
    for _ in range(200):
        peer.writer.write(frame(0, b" ", fin=False) + frame(9, b"ping"))
        await peer.writer.drain()
        await peer.hold(0.02)


async def never_reads(peer: Peer) -> None:
    await peer.enter()
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await peer.hold(peer.chance.uniform(2, 10))


async def bad_http(peer: Peer) -> None:
    line = peer.chance.choice(
        [
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST /CreateRoom HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST /CreateRoom HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nx",
            b"POST /CreateRoom HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        ]
    )
    peer.writer.write(line)
    await peer.reader.read(4_096)
    await peer.hold(0.5)


KINDS: list[Callable[[Peer], Awaitable[None]]] = [
    *(random_bytes, nothing_at_all, slow_loris, endless_headers, no_such_token, half_open),
    *(malformed_frame, nonsense, pieces, never_reads, bad_http),
]


async def misbehave(
    ports: list[int], chance: random.Random, tokens: Iterator[str], until: float, made: Counter[str]
) -> None:
    """One connection after another."""
    while (left := until - time.monotonic()) > 0:
        kind = chance.choice(KINDS)
        port = chance.choice(ports)
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            made[kind.__name__] += 1
            try:
                async with asyncio.timeout(min(left, 15)):
                    await kind(Peer(reader, writer, chance, tokens, until))
            finally:
                if chance.random() < 0.5:
                    writer.transport.abort()
                else:
                    writer.close()
        await asyncio.sleep(chance.uniform(0, 0.5))


async def main(port: int, tls_port: int, connections: int, seconds: float) -> Counter[str]:
    tokens = iter(sys.stdin.read().split())
    until = time.monotonic() + seconds
    made: Counter[str] = Counter()
    ports = [port] * 9 + [tls_port]
    tasks = []
    for n in range(connections):
        chance = random.Random(n)
        tasks.append(asyncio.create_task(misbehave(ports, chance, tokens, until, made)))
        if n % 50 == 49:
            await asyncio.sleep(0.05)
    await asyncio.gather(*tasks)
    return made


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of every reset
    os.nice(5)  # it shall plague the server, not starve the members who measure
    counted = asyncio.run(
        main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    )
    print(json.dumps(counted))
