"""HTTP targets: what is sent, which answers count, and what a bad server can do."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Callable

import pytest

from hubbub.functions.contract import (
    FunctionAnswerInvalid,
    FunctionError,
    FunctionFailed,
    FunctionTimeout,
)
from tests.unit.functions.conftest import ARN, Opener
from tests.unit.functions.endpoint import Request, always, endpoint, json_answer

OK = b"HTTP/1.1 200 OK\r\n"


def reset(writer: asyncio.StreamWriter) -> None:
    at_once = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


async def test_posts_the_event_and_takes_the_answer(opened: Opener) -> None:
    async with endpoint(always(json_answer(b'{"ReviewResult":"ALLOW"}'))) as served:
        functions = opened(review=f"{served.url}/review%20it?room=1")
        event = {"Content": 'hé\u2028\0"', "Attributes": None, "Sender": {"UserId": "u"}}
        assert await functions.invoke(ARN, event, 5) == {"ReviewResult": "ALLOW"}
        (request,) = served.requests
        assert request.line == "POST /review%20it?room=1 HTTP/1.1"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["host"] == served.url.removeprefix("http://")
        assert json.loads(request.body) == event


async def test_connections_are_kept(opened: Opener) -> None:
    async with endpoint(always(json_answer(b"1"))) as served:
        functions = opened(review=served.url)
        for _ in range(5):
            assert await functions.invoke(ARN, {}, 5) == 1
        assert served.connections == 1
        await asyncio.gather(*(functions.invoke(ARN, {}, 5) for _ in range(3)))
        assert served.connections <= 3


async def test_user_and_password_of_the_url_become_basic_authorization(opened: Opener) -> None:
    async with endpoint(always(json_answer(b"1"))) as served:
        await opened(review=served.url.replace("//", "//kim:p%40ss@")).invoke(ARN, {}, 5)
        assert served.requests[0].headers["authorization"] == "Basic a2ltOnBAc3M="


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (json_answer(b'{"a":1}', "201 Created"), {"a": 1}),
        (json_answer(b"null"), None),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n2\r\n1]\r\n0\r\n\r\n",
            [1],
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + json_answer(b"7"), 7),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + json_answer(b"7"), 7),
        (json_answer(b"8", headers="Connection: close\r\n"), 8),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n9", 9),
    ],
    ids=["201", "null", "chunked", "continue", "early-hints", "close", "http10"],
)
async def test_answers_taken(opened: Opener, answer: bytes, expected: object) -> None:
    async with endpoint(always(answer)) as served:
        functions = opened(review=served.url)
        for _ in range(2):
            assert await functions.invoke(ARN, {}, 5) == expected


async def test_answer_bounded_by_the_end_of_the_connection(opened: Opener) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n[1,")
        await writer.drain()
        writer.write(b"2]")
        writer.close()

    async with endpoint(answer) as served:
        assert await opened(review=served.url).invoke(ARN, {}, 5) == [1, 2]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_answer(b"{}", "404 Not Found"), FunctionFailed),
        (json_answer(b"{}", "500 Oops"), FunctionFailed),
        (json_answer(b"{}", "302 Found", "Location: http://127.0.0.1:1/\r\n"), FunctionFailed),
        (json_answer(b"{}", "304 Not Modified"), FunctionFailed),
        (b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", FunctionFailed),
        (b"SSH-2.0-OpenSSH_9.2\r\n", FunctionFailed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", FunctionFailed),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 80_000, FunctionFailed),
        (b"HTTP/1.1 204 No Content\r\n\r\n", FunctionAnswerInvalid),
        (json_answer(b""), FunctionAnswerInvalid),
        (json_answer(b"<html>"), FunctionAnswerInvalid),
        (json_answer(b'{"a":NaN}'), FunctionAnswerInvalid),
        (json_answer(b'"\xff"'), FunctionAnswerInvalid),
        (json_answer(b"[" * 3_000), FunctionAnswerInvalid),
        (json_answer(b'"' + b"x" * 4_096 + b'"'), FunctionAnswerInvalid),
        (OK + b"Content-Length: 999999999\r\n\r\n" + b"x" * 9_000, FunctionAnswerInvalid),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\n", FunctionFailed),
    ],
    ids=[
        "404", "500", "redirect", "304", "upgrade", "not-http", "bad-length", "long-head", "204",
        "empty", "html", "nan", "utf-8", "deep", "one-too-long", "far-too-long", "bad-chunk",
    ],
)  # fmt: skip
async def test_answers_refused(opened: Opener, answer: bytes, error: type[FunctionError]) -> None:
    async with endpoint(always(answer)) as served:
        functions = opened(review=served.url)
        with pytest.raises(error):
            await functions.invoke(ARN, {}, 5)


async def test_an_answer_of_the_greatest_length_is_taken(opened: Opener) -> None:
    longest = b'"' + b"x" * 4_094 + b'"'
    async with endpoint(always(json_answer(longest))) as served:
        assert await opened(review=served.url).invoke(ARN, {}, 5) == "x" * 4_094


async def test_an_endless_answer_is_cut_off(opened: Opener) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with endpoint(answer) as served:
        with pytest.raises(FunctionAnswerInvalid):
            await opened(review=served.url).invoke(ARN, {}, 5)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1,"])
async def test_a_connection_lost_in_the_middle_fails(opened: Opener, sent: bytes) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    async with endpoint(answer) as served:
        with pytest.raises(FunctionFailed):
            await opened(review=served.url).invoke(ARN, {}, 5)
        assert len(served.requests) == 1


@pytest.mark.parametrize("close", [asyncio.StreamWriter.close, reset], ids=["closed", "reset"])
async def test_a_kept_connection_closed_by_the_server_is_replaced(
    opened: Opener, close: Callable[[asyncio.StreamWriter], None]
) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(served.requests) == 2:
            close(writer)  # the second request of the first connection
        else:
            writer.write(json_answer(b"1"))

    async with endpoint(answer) as served:
        functions = opened(review=served.url)
        assert await functions.invoke(ARN, {}, 5) == 1
        assert await functions.invoke(ARN, {}, 5) == 1
        assert served.connections == 2


@pytest.mark.parametrize("begun", [b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nX: y\r\n"])
async def test_an_answer_that_breaks_off_is_not_asked_for_again(
    opened: Opener, begun: bytes
) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(served.requests) == 2:
            writer.write(begun)
            writer.close()
        else:
            writer.write(json_answer(b"1"))

    async with endpoint(answer) as served:
        functions = opened(review=served.url)
        assert await functions.invoke(ARN, {}, 5) == 1
        with pytest.raises(FunctionFailed):
            await functions.invoke(ARN, {}, 5)
        assert len(served.requests) == 2


async def test_a_lost_request_is_sent_once_more_and_not_a_third_time(opened: Opener) -> None:
    together = asyncio.Barrier(3)

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(served.requests) <= 3:
            await together.wait()  # three connections, all kept
            writer.write(json_answer(b"1"))
        else:
            writer.close()

    async with endpoint(answer) as served:
        functions = opened(review=served.url)
        await asyncio.gather(*(functions.invoke(ARN, {}, 5) for _ in range(3)))
        with pytest.raises(FunctionFailed):
            await functions.invoke(ARN, {}, 5)
        assert len(served.requests) == 5
        assert served.connections == 4


async def test_an_answer_nobody_asked_for_is_not_taken_for_the_next(opened: Opener) -> None:
    sent = asyncio.Event()

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(json_answer(b'"asked"'))
        await asyncio.sleep(0.02)  # the caller has its answer by then
        writer.write(json_answer(b'"unasked"'))
        await writer.drain()
        sent.set()

    async with endpoint(answer) as served:
        functions = opened(review=served.url)
        for _ in range(2):
            sent.clear()
            assert await functions.invoke(ARN, {}, 5) == "asked"
            await sent.wait()
            await asyncio.sleep(0.02)
        assert len(served.requests) == 2


async def test_no_cookies_no_compression_and_no_proxy_of_the_environment(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    async with endpoint(always(json_answer(b"1", headers="Set-Cookie: a=b\r\n"))) as served:
        functions = opened(review=served.url)
        for _ in range(2):
            assert await functions.invoke(ARN, {}, 5) == 1
        for request in served.requests:
            assert set(request.headers) == {
                "host", "content-type", "accept", "user-agent", "content-length",
            }  # fmt: skip


async def test_a_compressed_answer_is_not_unpacked(opened: Opener) -> None:
    packed = gzip.compress(b"1")
    answer = json_answer(packed, headers="Content-Encoding: gzip\r\n")
    async with endpoint(always(answer)) as served:
        with pytest.raises(FunctionAnswerInvalid, match="no JSON"):
            await opened(review=served.url).invoke(ARN, {}, 5)


async def test_a_refused_connection_fails_at_once(opened: Opener) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        functions = opened(review=f"http://127.0.0.1:{free.getsockname()[1]}/")
        with pytest.raises(FunctionFailed, match="cannot be reached"):
            await functions.invoke(ARN, {}, 5)


async def test_a_late_answer_is_dropped_with_its_connection(opened: Opener) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        number = len(served.requests)
        if number == 1:
            await asyncio.sleep(0.15)
        writer.write(json_answer(b"%d" % number))

    async with endpoint(answer) as served:
        functions = opened(review=served.url)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with pytest.raises(FunctionTimeout):
            await functions.invoke(ARN, {}, 0.1)
        assert loop.time() - begun < 0.3
        assert await functions.invoke(ARN, {}, 5) == 2
        assert served.connections == 2


async def test_waiting_for_a_place_counts_in_the_time(opened: Opener) -> None:
    busy = asyncio.Event()

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        busy.set()
        await asyncio.Event().wait()

    async with endpoint(answer) as served:
        functions = opened(review=served.url, concurrency=1)
        first = asyncio.create_task(functions.invoke(ARN, {}, 0.1))
        await busy.wait()
        with pytest.raises(FunctionTimeout):
            await functions.invoke(ARN, {}, 0.02)
        assert len(served.requests) == 1
        with pytest.raises(FunctionTimeout):
            await first


async def test_a_hanging_endpoint_does_not_delay_another_function(opened: Opener) -> None:
    async def never(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with endpoint(never) as dead, endpoint(always(json_answer(b"1"))) as alive:
        functions = opened(review=dead.url, other=alive.url, concurrency=1)
        hanging = [asyncio.create_task(functions.invoke(ARN, {}, 0.2)) for _ in range(5)]
        await asyncio.sleep(0)
        assert await functions.invoke(ARN.replace("review", "other"), {}, 0.15) == 1
        for outcome in await asyncio.gather(*hanging, return_exceptions=True):
            assert isinstance(outcome, FunctionTimeout)
