"""HTTP connections: their bounds, in ticks that the test makes pass."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from uvicorn.config import Config

from hubbub.serve.http import (
    ANSWER_SECONDS,
    BODY_SECONDS,
    HEAD_BYTES,
    HEAD_SECONDS,
    IDLE_SECONDS,
    LINGER_SECONDS,
    PIPELINE_REQUESTS,
    HttpConnection,
    HttpState,
)
from hubbub.wire import cors

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

GET = b"GET /ok HTTP/1.1\r\nhost: x\r\n\r\n"


class Peer(asyncio.Transport):
    """The transport, as far as the protocol can tell."""

    def __init__(self, *, secure: bool = False) -> None:
        addresses = {"peername": ("192.0.2.1", 5), "sockname": ("192.0.2.2", 80)}
        super().__init__(addresses | ({"sslcontext": object()} if secure else {}))
        self.secure = secure
        self.received = b""
        self.ended = self.closed = self.aborted = self.paused = False
        self.protocol: asyncio.BaseProtocol | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not (self.closed or self.ended)
        self.received += bytes(data)

    def can_write_eof(self) -> bool:
        return not self.secure

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    @property
    def status(self) -> int:
        return int(self.received.split(b" ", 2)[1])


class Application:
    """Answers with the body it got; on /slow only when `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.paths: list[str] = []
        self.headers: list[tuple[bytes, bytes]] = []

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        assert scope["type"] == "http"
        self.paths.append(scope["path"])
        body, more = b"", True
        while more:
            event = await receive()
            if event["type"] != "http.request":
                return
            body, more = body + event["body"], event["more_body"]
        self.headers = list(scope["headers"])
        if scope["path"] == "/slow":
            await self.go.wait()
        headers = [(b"content-length", b"%d" % len(body))]
        await send(
            {"type": "http.response.start", "status": 200, "headers": headers, "trailers": False}
        )
        await send({"type": "http.response.body", "body": body, "more_body": False})


class Socket(asyncio.Protocol):
    """What an upgraded connection becomes."""

    received = b""

    def data_received(self, data: bytes) -> None:
        Socket.received += data


class House:
    def __init__(self, limit: int = 100) -> None:
        self.application = Application()
        config = Config(
            self.application,
            http=HttpConnection,
            ws=Socket,
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        config.load()
        self.config = config
        self.websockets = 0
        self.state = HttpState(limit, lambda: self.websockets)

    def connect(self, *, secure: bool = False) -> tuple[HttpConnection, Peer]:
        peer = Peer(secure=secure)
        app_state: dict[str, Any] = {}
        connection = HttpConnection(self.config, self.state, app_state, asyncio.get_running_loop())
        connection.connection_made(peer)
        return connection, peer

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.state.turn()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def house() -> House:
    return House()


async def test_a_request_is_answered_and_the_connection_kept(house: House) -> None:
    connection, peer = house.connect()
    for _ in range(3):
        connection.data_received(GET)
        await settle()
        assert peer.status == 200
        assert not peer.is_closing()
        peer.received = b""
        house.pass_seconds(IDLE_SECONDS - 1)
    house.pass_seconds(2)
    assert peer.closed
    assert not peer.received


async def test_silence_after_connecting_is_bounded(house: House) -> None:
    _, peer = house.connect()
    house.pass_seconds(HEAD_SECONDS)
    assert not peer.is_closing()
    house.pass_seconds(1)
    assert peer.is_closing()
    assert not peer.received


async def test_a_head_that_trickles_in_gets_408(house: House) -> None:
    connection, peer = house.connect()
    for byte in b"GET / HTTP":
        connection.data_received(bytes([byte]))
        house.pass_seconds(1)
    assert peer.received == b""
    house.pass_seconds(2)
    assert peer.status == 408
    assert (peer.ended, peer.closed) == (True, False), "the peer is given time to read it"
    house.pass_seconds(LINGER_SECONDS + 1)
    assert peer.aborted


async def test_a_body_that_trickles_in_gets_408(house: House) -> None:
    connection, peer = house.connect()
    connection.data_received(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n")
    for _ in range(BODY_SECONDS):
        connection.data_received(b"x")
        house.pass_seconds(1)
        await settle()
    assert not peer.received
    house.pass_seconds(1)
    await settle()
    assert peer.status == 408
    assert not house.state.tasks, "the application was told"


async def test_an_answer_that_never_comes_ends_the_connection(house: House) -> None:
    connection, peer = house.connect()
    connection.data_received(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
    await settle()
    house.pass_seconds(ANSWER_SECONDS)
    assert not peer.closed
    house.pass_seconds(1)
    assert peer.aborted


@pytest.mark.parametrize("secure", [False, True])
async def test_a_large_head_gets_431(house: House, secure: bool) -> None:
    connection, peer = house.connect(secure=secure)
    connection.data_received(GET[:-2] + b"x: " + b"y" * HEAD_BYTES + b"\r\n\r\n")
    assert peer.status == 431
    assert peer.closed if secure else peer.ended
    assert not house.application.paths


@pytest.mark.parametrize(
    "endless", [b"GET /" + b"a" * 1_000, GET[:-2] + b"x: ", GET[:-2] + b"x: y\r\n" * 100]
)
async def test_a_head_without_end_gets_431(house: House, endless: bytes) -> None:
    connection, peer = house.connect()
    connection.data_received(endless)
    sent = 0
    while not peer.received and sent < 2 * HEAD_BYTES:
        more = endless[-6:] * 200
        connection.data_received(more)
        sent += len(more)
    assert peer.status == 431


async def test_a_head_just_below_the_bound_is_fine(house: House) -> None:
    connection, peer = house.connect()
    head = GET[:-2] + b"x: " + b"y" * (HEAD_BYTES - 100) + b"\r\n\r\n"
    for at in range(0, len(head), 5_000):
        connection.data_received(head[at : at + 5_000])
    await settle()
    assert peer.status == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS handshake
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"CONNECT host:1 HTTP/1.1\r\n\r\n",
        b"GET http:// HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_400_and_no_log(
    house: House, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    connection, peer = house.connect()
    with caplog.at_level(logging.INFO):
        connection.data_received(garbage)
        await settle()
    assert peer.status == 400
    assert not caplog.records
    connection.data_received(GET)
    connection.connection_lost(None)
    await settle()
    assert not house.state.connections
    assert not house.state.tasks


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, b"BadRequestException"),
        (408, b"RequestTimeoutException"),
        (431, b"RequestHeaderFieldsTooLargeException"),
        (503, b"ServiceUnavailableException"),
    ],
)
async def test_refusals_look_like_the_errors_of_operations(status: int, code: bytes) -> None:
    house = House(limit=0 if status == 503 else 10)
    house.state.default_headers = [(b"date", b"now")]
    connection, peer = house.connect()
    if status == 400:
        connection.data_received(b"no http\r\n")
    elif status == 408:
        connection.data_received(b"GET ")
        house.pass_seconds(HEAD_SECONDS + 1)
    elif status == 431:
        connection.data_received(GET[:-2] + b"x: " + b"y" * HEAD_BYTES + b"\r\n\r\n")
    assert peer.status == status
    head, _, body = peer.received.partition(b"\r\n\r\n")
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert headers.pop(b"x-amzn-RequestId")
    assert headers == dict(cors.HEADERS) | {
        b"date": b"now",
        b"content-type": b"application/json",
        b"x-amzn-ErrorType": code,
        b"content-length": b"%d" % len(body),
        b"connection": b"close",
    }
    assert orjson.loads(body)["message"]


CHUNKED = b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"


@pytest.mark.parametrize("piece", [1, 40, 1_000])
async def test_trailers_are_no_headers(house: House, piece: int) -> None:
    connection, peer = house.connect()
    data = CHUNKED + b"host: evil\r\nexpect: 100-continue\r\n\r\n" + GET
    for at in range(0, len(data), piece):
        connection.data_received(data[at : at + piece])
    while peer.received.count(b"HTTP/1.1 200") < 2:
        await settle()
    assert house.application.paths == ["/a", "/ok"]
    assert house.application.headers == [(b"host", b"x")]
    assert b"abc" in peer.received
    assert b"100 Continue" not in peer.received


async def test_trailers_do_not_reach_the_application(house: House) -> None:
    connection, _ = house.connect()
    connection.data_received(CHUNKED + b"host: evil\r\nx: y\r\n\r\n")
    await settle()
    assert house.application.headers == [(b"host", b"x"), (b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize("endless", [b"x: y\r\n", b"x: " + b"y" * 1_000])
async def test_trailers_without_end_get_431(house: House, endless: bytes) -> None:
    connection, peer = house.connect()
    connection.data_received(CHUNKED + endless)
    sent = 0
    while not peer.received and sent < 2 * HEAD_BYTES:
        more = endless[-6:] * 200
        connection.data_received(more)
        sent += len(more)
    await settle()
    assert peer.status == 431
    assert not house.state.tasks


async def test_large_bodies_do_not_count_as_heads(house: House) -> None:
    connection, peer = house.connect()
    body = b"x" * 300_000
    head = b"POST /a HTTP/1.1\r\ncontent-length: %d\r\nx: %s\r\n\r\n" % (
        len(body),
        b"y" * (HEAD_BYTES - 1_000),
    )
    data = head + body
    for at in range(0, len(data), 50_000):
        connection.data_received(data[at : at + 50_000])
        await settle()
    assert peer.status == 200


async def test_garbage_behind_a_request_does_not_spoil_its_answer(house: House) -> None:
    connection, peer = house.connect()
    connection.data_received(GET + b"\x00garbage\r\n\r\n")
    await settle()
    assert peer.status == 200
    assert peer.received.count(b"HTTP/1.1") == 1
    assert peer.closed


async def test_pipelined_requests_are_answered_in_order(house: House) -> None:
    connection, peer = house.connect()
    connection.data_received(GET.replace(b"/ok", b"/slow") + GET + GET)
    await settle()
    assert house.application.paths == ["/slow"]
    house.application.go.set()
    await settle()
    assert house.application.paths == ["/slow", "/ok", "/ok"]
    assert peer.received.count(b"HTTP/1.1 200") == 3


async def test_a_pipeline_has_its_bound(house: House) -> None:
    connection, peer = house.connect()
    connection.data_received(GET * 1_000)
    assert peer.aborted
    assert len(connection.pipeline) <= PIPELINE_REQUESTS + 1


@pytest.mark.parametrize("path", [b"/ok", b"/slow"])
async def test_beyond_that_bound_nothing_is_written_or_logged(
    house: House, path: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    connection, peer = house.connect()
    connection.data_received(GET.replace(b"/ok", path) + GET * 100)
    assert peer.aborted
    house.application.go.set()
    await settle()
    connection.connection_lost(None)
    await settle()
    assert not peer.received
    assert not house.state.tasks
    assert not caplog.records


async def test_a_pipeline_that_is_cut_off_for_its_slowness_writes_nothing_more(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    connection, peer = house.connect()
    connection.data_received(GET.replace(b"/ok", b"/slow") + GET)
    await settle()
    house.pass_seconds(ANSWER_SECONDS + 1)
    assert peer.aborted
    house.application.go.set()
    await settle()
    assert not peer.received
    assert not house.state.tasks
    assert house.application.paths == ["/slow"]
    assert not caplog.records


async def test_a_peer_that_leaves_its_pipeline_behind_is_no_trouble(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    connection, peer = house.connect()
    connection.data_received(GET.replace(b"/ok", b"/slow") + GET)
    await settle()
    peer.close()
    connection.connection_lost(ConnectionResetError())
    house.application.go.set()
    await settle()
    assert house.application.paths == ["/slow"]
    assert not house.state.tasks
    assert not caplog.records


async def test_a_peer_that_closed_its_side_still_gets_its_answer(house: House) -> None:
    connection, peer = house.connect()
    connection.data_received(GET.replace(b"/ok", b"/slow"))
    await settle()
    assert connection.eof_received() is True
    house.application.go.set()
    await settle()
    assert peer.status == 200
    assert peer.closed


async def test_a_peer_that_closed_its_side_early_gets_nothing(house: House) -> None:
    connection, _ = house.connect()
    connection.data_received(b"POST /a HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc")
    assert not connection.eof_received()


async def test_beyond_the_limit_connections_get_503() -> None:
    house = House(limit=3)
    house.websockets = 1
    first, _ = house.connect()
    house.connect()
    _, third = house.connect()
    assert third.status == 503
    first.connection_lost(None)
    house.websockets = 0
    _, fourth = house.connect()
    assert not fourth.received


async def test_an_upgrade_hands_over_all_it_has(house: House) -> None:
    Socket.received = b""
    connection, peer = house.connect()
    head = (
        b"GET /ivschat?a=b HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"
    )
    connection.data_received(head[:20])
    connection.data_received(head[20:] + b"frames")
    assert isinstance(peer.protocol, Socket)
    assert Socket.received == head + b"frames"
    assert not house.state.connections
    house.pass_seconds(IDLE_SECONDS * 2)
    assert not peer.closed


async def test_http_1_0_cannot_be_upgraded(house: House) -> None:
    connection, peer = house.connect()
    connection.data_received(
        b"GET /ivschat HTTP/1.0\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"
    )
    assert peer.status == 400
    assert peer.protocol is None


async def test_another_protocol_than_websocket_is_declined_by_answering(house: House) -> None:
    connection, peer = house.connect()
    connection.data_received(
        b"GET /ok HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n"
    )
    await settle()
    assert peer.status == 200
    assert peer.closed


async def test_shutdown_finishes_what_is_under_way(house: House) -> None:
    busy, busy_peer = house.connect()
    idle, idle_peer = house.connect()
    busy.data_received(GET.replace(b"/ok", b"/slow"))
    await settle()
    for connection in (busy, idle):
        connection.shutdown()
    assert idle_peer.closed
    assert not busy_peer.closed
    house.application.go.set()
    await settle()
    assert busy_peer.status == 200
    assert b"connection: close" in busy_peer.received
    assert busy_peer.closed
