from __future__ import annotations

import pytest

from hubbub.sockets.upgrade import (
    BadUpgrade,
    accept_value,
    parse_head,
    refusal,
    subprotocols,
    switching_protocols,
)

# The example of RFC 6455 section 1.3.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def request(line: str = "GET /chat?x=1 HTTP/1.1", drop: str = "", **headers: str) -> bytes:
    fields = {
        "host": "example.com",
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-key": KEY,
        "sec-websocket-version": "13",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    fields.pop(drop, None)
    lines = [line, *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def test_the_answer_of_the_rfc() -> None:
    head = parse_head(request())
    assert (head.method, head.path, head.query) == ("GET", "/chat", "x=1")
    assert accept_value(head) == ACCEPT


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(request("POST /chat HTTP/1.1"), 405, id="post"),
        pytest.param(request("HEAD /chat HTTP/1.1"), 405, id="head"),
        pytest.param(request(upgrade="h2c"), 426, id="upgrade-to-something-else"),
        pytest.param(request(drop="upgrade"), 426, id="no-upgrade"),
        pytest.param(request(sec_websocket_version="8"), 426, id="version-8"),
        pytest.param(request(sec_websocket_version="13, 13"), 426, id="version-twice"),
        pytest.param(request(drop="sec-websocket-version"), 426, id="no-version"),
        pytest.param(request(drop="sec-websocket-key"), 400, id="no-key"),
        pytest.param(request(sec_websocket_key="c2hvcnQ="), 400, id="short-key"),
        pytest.param(request(sec_websocket_key="!" * 24), 400, id="key-not-base64"),
        pytest.param(request(sec_websocket_key="é" * 24), 400, id="key-not-ascii"),
        pytest.param(request(sec_websocket_key=f"{KEY}, {KEY}"), 400, id="two-keys"),
        pytest.param(request("GET /chat"), 400, id="no-http-version"),
        pytest.param(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, id="header-without-colon"),
        pytest.param(request(x="y" * 70_000), 431, id="head-too-large"),
    ],
)
def test_what_is_no_websocket_handshake_gets_its_status(data: bytes, status: int) -> None:
    with pytest.raises(BadUpgrade) as raised:
        accept_value(parse_head(data))
    assert raised.value.status == status


def test_a_wrong_version_learns_the_right_one() -> None:
    with pytest.raises(BadUpgrade) as raised:
        accept_value(parse_head(request(sec_websocket_version="25")))
    assert raised.value.headers == {"Sec-WebSocket-Version": "13"}


@pytest.mark.parametrize(
    ("header", "offered"),
    [
        ("token", ("token",)),
        ("a,b , c", ("a", "b", "c")),
        ("a,,b,", ("a", "b")),
        ("", ()),
        ("x" * 8_000, ("x" * 8_000,)),
    ],
)
def test_subprotocols_in_the_order_offered(header: str, offered: tuple[str, ...]) -> None:
    assert subprotocols(parse_head(request(sec_websocket_protocol=header))) == offered


def test_repeated_headers_are_joined() -> None:
    data = request()[:-2] + b"Sec-WebSocket-Protocol: a\r\nsec-websocket-protocol: b\r\n\r\n"
    head = parse_head(data)
    assert head.headers["sec-websocket-protocol"] == "a, b"
    assert subprotocols(head) == ("a", "b")


def test_a_target_in_absolute_form() -> None:
    head = parse_head(request("GET http://example.com/chat?y HTTP/1.1"))
    assert (head.path, head.query) == ("/chat", "y")


def test_the_raw_path_stays_raw() -> None:
    assert parse_head(request("GET /a%2Fb HTTP/1.1")).path == "/a%2Fb"


def test_the_101_names_the_subprotocol_exactly_as_given_and_no_extension() -> None:
    token = "abc_.!#$%&'*+-^`|~"
    answer = switching_protocols(ACCEPT, token).decode()
    assert f"Sec-WebSocket-Protocol: {token}\r\n" in answer
    assert "xtension" not in answer
    assert "Protocol" not in switching_protocols(ACCEPT, None).decode().split("\r\n", 1)[1]


def test_a_refusal_closes() -> None:
    assert refusal(403, b"", {}) == (
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    assert b"Content-Type: application/json\r\n" in refusal(
        429, b"{}", {"Content-Type": "application/json"}
    )
    assert refusal(599, b"", {}).startswith(b"HTTP/1.1 599 \r\n")
