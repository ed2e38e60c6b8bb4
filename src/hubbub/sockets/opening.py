"""Asking an endpoint whether a connection may open."""

from __future__ import annotations

import asyncio
import logging

from hubbub.sockets.contract import Accept, Connection, Endpoint, Handshake, Refuse
from hubbub.sockets.upgrade import RequestHead, subprotocols

logger = logging.getLogger("hubbub.sockets")

TOO_SLOW = Refuse(503, b"Handshake took too long\n")
FAILED = Refuse(500, b"Internal server error\n")


async def ask(
    endpoint: Endpoint,
    head: RequestHead,
    connection: Connection,
    *,
    secure: bool,
    seconds: float,
) -> Accept | Refuse:
    """The endpoint's verdict; a refusal when it fails or takes longer than `seconds`."""
    handshake = Handshake(
        path=head.path,
        query=head.query,
        headers=head.headers,
        subprotocols=subprotocols(head),
        peer_ip=connection.peer_ip,
        secure=secure,
    )
    try:
        async with asyncio.timeout(seconds):
            return await endpoint.handshake(handshake, connection)
    except TimeoutError:
        return TOO_SLOW
    except Exception:
        logger.exception("handshake failed on %s", head.path)
        return FAILED
