"""The HTTP side of the opening handshake (RFC 6455 section 4); bytes in, bytes out."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from websockets.utils import accept_key

MAX_HEAD_BYTES = 65_536


class BadUpgrade(Exception):
    """The request cannot become a WebSocket; it gets this HTTP answer."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.body = text.encode() + b"\n"
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class RequestHead:
    method: str
    path: str  # raw, without the query
    query: str
    headers: Mapping[str, str]  # names in lower case; repeats joined with ", "


def parse_head(data: bytes) -> RequestHead:
    """The head of a request, with its empty line. Raises `BadUpgrade`."""
    if len(data) > MAX_HEAD_BYTES:
        raise BadUpgrade(431, "Request head too large")
    head, _, _ = data.decode("latin-1").partition("\r\n\r\n")
    lines = head.split("\r\n")
    try:
        method, target, _ = lines[0].split(" ")
    except ValueError:
        raise BadUpgrade(400, "Malformed request line") from None
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadUpgrade(400, "Malformed header line")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if not target.startswith("/"):  # absolute form: http://host/path
        _, _, after = target.partition("://")
        target = "/" + after.partition("/")[2]
    path, _, query = target.partition("?")
    return RequestHead(method, path, query, headers)


def accept_value(head: RequestHead) -> str:
    """The Sec-WebSocket-Accept that answers this request. Raises `BadUpgrade`."""
    if head.method != "GET":
        raise BadUpgrade(405, "A WebSocket is opened with GET", {"Allow": "GET"})
    if head.headers.get("upgrade", "").lower() != "websocket":
        raise BadUpgrade(426, "Upgrade must be websocket", {"Upgrade": "websocket"})
    if head.headers.get("sec-websocket-version") != "13":
        raise BadUpgrade(426, "WebSocket version must be 13", {"Sec-WebSocket-Version": "13"})
    key = head.headers.get("sec-websocket-key", "")
    try:
        nonce = binascii.a2b_base64(key, strict_mode=True)
    except (binascii.Error, ValueError):
        nonce = b""
    if len(nonce) != 16:
        raise BadUpgrade(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    return accept_key(key)


def subprotocols(head: RequestHead) -> tuple[str, ...]:
    offered = head.headers.get("sec-websocket-protocol", "").split(",")
    return tuple(name for item in offered if (name := item.strip(" \t")))


def switching_protocols(accept: str, subprotocol: str | None) -> bytes:
    """The 101 answer. No extension is ever negotiated (spec ivs-chat 6.1)."""
    chosen = "" if subprotocol is None else f"Sec-WebSocket-Protocol: {subprotocol}\r\n"
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n{chosen}\r\n"
    ).encode("latin-1")


def refusal(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    """An answer that is not 101, after which the connection ends."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    given = {name.lower() for name in headers}
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {headers[name]}" for name in headers)]
    if body and "content-type" not in given:
        lines.append("Content-Type: text/plain; charset=utf-8")
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + body
