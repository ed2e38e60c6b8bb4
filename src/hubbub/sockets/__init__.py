"""The WebSocket front: handshake, encode once, coalesced writes, back-pressure, close codes."""

from hubbub.sockets.audience import Audience
from hubbub.sockets.contract import (
    Accept,
    CloseCodes,
    Connection,
    Endpoint,
    Handshake,
    Receiver,
    Refuse,
)
from hubbub.sockets.frames import encode_binary, encode_text
from hubbub.sockets.front import SocketFront

__all__ = [
    "Accept",
    "Audience",
    "CloseCodes",
    "Connection",
    "Endpoint",
    "Handshake",
    "Receiver",
    "Refuse",
    "SocketFront",
    "encode_binary",
    "encode_text",
]
