"""The WebSocket front alone, over loopback: fan-out, handshakes, memory of an idle connection.

    python bench/micro_sockets.py fanout 1000 8     # members, frames a tick
    python bench/micro_sockets.py connects 3000
    python bench/micro_sockets.py idle 5000

The server runs in this process (one thread); the clients run in another one. CPU seconds are
those of the server process alone.
"""

# ruff: noqa: ASYNC110
from __future__ import annotations

import asyncio
import base64
import multiprocessing
import os
import resource
import selectors
import socket
import sys
import time
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait

import uvicorn
import uvloop

from hubbub.sockets import (
    Accept,
    Audience,
    CloseCodes,
    Connection,
    Handshake,
    Refuse,
    SocketFront,
    encode_text,
)

FRAME = encode_text(b"x" * 218)  # 222 bytes on the wire
SECONDS = 5.0


class Listener:
    __slots__ = ("connection", "room")

    def __init__(self, room: Room, connection: Connection) -> None:
        self.room = room
        self.connection = connection

    def message(self, payload: bytes) -> None:
        self.connection.send(encode_text(payload))

    def closed(self, code: int) -> None:
        self.room.audience.discard(self.connection)


class Room:
    max_message_bytes = 131_072
    codes = CloseCodes()

    def __init__(self) -> None:
        self.audience = Audience()

    async def handshake(self, handshake: Handshake, connection: Connection) -> Accept | Refuse:
        self.audience.add(connection)
        return Accept(Listener(self, connection), handshake.subprotocols[0])


async def no_app(scope: object, receive: object, send: object) -> None:
    raise AssertionError("only WebSockets here")


def connect(port: int) -> socket.socket:
    key = base64.b64encode(os.urandom(16)).decode()
    peer = socket.create_connection(("127.0.0.1", port))
    peer.sendall(
        f"GET /room HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Protocol: {'t' * 600}\r\n\r\n".encode()
    )
    return peer


def answered(peer: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += peer.recv(4096)
    assert head.startswith(b"HTTP/1.1 101"), head


def clients(port: int, count: int, pipe: Pipe) -> None:
    """Connect; then read and drop all that comes, and say how many bytes at each request."""
    peers = []
    for _ in range(count):
        peer = connect(port)
        answered(peer)
        peer.setblocking(False)
        peers.append(peer)
    pipe.send("connected")
    selector = selectors.DefaultSelector()
    for peer in peers:
        selector.register(peer, selectors.EVENT_READ)
    selector.register(pipe, selectors.EVENT_READ)
    space = bytearray(262_144)
    total = 0
    while True:
        for ready, _ in selector.select():
            if ready.fileobj is pipe:
                if pipe.recv() == "stop":
                    return
                pipe.send(total)
            else:
                total += ready.fileobj.recv_into(space)  # type: ignore[union-attr]


def churn(port: int, count: int, pipe: Pipe) -> None:
    for _ in range(count // 50):
        peers = [connect(port) for _ in range(50)]
        for peer in peers:
            answered(peer)
        for peer in peers:
            peer.close()
    pipe.send("connected")
    pipe.recv()


async def heard(pipe: Pipe) -> object:
    while not wait([pipe], 0):
        await asyncio.sleep(0.02)
    return pipe.recv()


def rss() -> int:
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        return int(statm.read().split()[1]) * resource.getpagesize()


async def run(mode: str, count: int, burst: int) -> None:
    room = Room()
    front = SocketFront({"/room": room})
    config = uvicorn.Config(
        no_app,
        host="127.0.0.1",
        port=0,
        ws=front.protocol_class,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        log_level="error",
        access_log=False,
        backlog=4096,
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    here, there = multiprocessing.get_context("spawn").Pipe()
    target = churn if mode == "connects" else clients
    process = multiprocessing.get_context("spawn").Process(target=target, args=(port, count, there))
    before_rss = rss()
    process.start()
    while not front._connections:
        await asyncio.sleep(0.001)
    cpu, wall = time.process_time(), time.perf_counter()
    await heard(here)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if mode == "connects":
        print(f"{count} connects: {count / wall:,.0f}/s, {count / cpu:,.0f}/s of server CPU")
    elif mode == "idle":
        await asyncio.sleep(0.5)
        print(f"{count} idle: {(rss() - before_rss) / count:,.0f} bytes RSS each")
        print(f"{count} connects in sequence: {count / cpu:,.0f}/s of server CPU")
    else:
        await fan_out(room, here, count, burst)
    here.send("stop")
    process.join(5)
    server.should_exit = True
    await serving


async def fan_out(room: Room, pipe: Pipe, count: int, burst: int) -> None:
    """Bursts of `burst` frames, two of them under way: the closed loop of a busy room."""
    cpu, wall, sent = time.process_time(), time.perf_counter(), 0
    pipe.send("total")
    start = await heard(pipe)
    assert isinstance(start, int)
    per_burst = burst * count * len(FRAME)
    while time.perf_counter() - wall < SECONDS:
        for _ in range(max(1, 100_000 // (count * burst))):
            for _ in range(burst):
                room.audience.broadcast(FRAME)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            sent += 1
        while True:
            pipe.send("total")
            got = await quick(pipe)
            if got - start >= (sent - 1) * per_burst:
                break
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    deliveries = sent * burst * count
    print(
        f"N={count} frames/tick={burst}: {deliveries / wall:,.0f} deliveries/s, "
        f"{deliveries / cpu:,.0f} per server CPU second"
    )


async def quick(pipe: Pipe) -> int:
    while not wait([pipe], 0):
        await asyncio.sleep(0.0005)
    got = pipe.recv()
    assert isinstance(got, int)
    return got


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    arguments = [*sys.argv[1:], "1"]
    uvloop.run(run(arguments[0], int(arguments[1]), int(arguments[2])))
