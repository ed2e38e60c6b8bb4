"""The life of one serving process: start, serve, drain, end.

SIGTERM or SIGINT: stop accepting, close WebSockets with 1012 (those of meetings with 4500), finish
the requests under way, flush the log records, end with status 0; all of it within DRAIN_SECONDS and
a little. Further SIGTERMs change nothing, since wrappers send one to the process and one to its
group; Ctrl-C again after PATIENCE_SECONDS ends the process at once, with status 1.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import ssl
import time
from collections.abc import Callable
from email.utils import formatdate
from types import FrameType

from uvicorn.config import Config

from hubbub.bus.contract import BusUnavailable
from hubbub.serve.http import HEAD_SECONDS, HttpConnection, HttpState
from hubbub.serve.listeners import Listeners
from hubbub.serve.node import Node, open_node
from hubbub.serve.tls import ServerCertificate
from hubbub.settings import Settings, SettingsError
from hubbub.store.contract import StoreUnavailable

DRAIN_SECONDS = 6.0
PATIENCE_SECONDS = 1.0
# Connections are long-lived and make few cycles: rarer collections cost nothing and spare pauses.
GC_THRESHOLD = (20_000, 20, 50)
logger = logging.getLogger("hubbub.serve")


class StartFailed(Exception):
    """The process cannot serve; the text says why, for the user."""


def run_process(
    settings: Settings,
    listeners: Listeners,
    ready: Callable[[str], None],
    *,
    any_credentials: bool = False,
    parent: int | None = None,
) -> None:
    """Serve until a signal comes. `ready` is called when the first request can be answered, with
    the address of media of meetings ("off": there is none).

    The end of file on the descriptor `parent` counts as SIGTERM: the process is an orphan.
    Raises StartFailed when it cannot start.
    """
    import uvloop  # noqa: PLC0415 -- the command line does without

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, listeners, ready, any_credentials, parent))
    ignore_stop_signals()


def ignore_stop_signals() -> None:
    """For a process that has stopped: the interpreter's own end shall not be cut short either."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


async def _serve(
    settings: Settings,
    listeners: Listeners,
    ready: Callable[[str], None],
    any_credentials: bool,
    parent: int | None,
) -> None:
    stopping = _stop_signals(parent)
    try:
        certificate = ServerCertificate(settings)
        node = await open_node(settings, any_credentials=any_credentials)
    except (SettingsError, StoreUnavailable, BusUnavailable, OSError) as error:
        raise StartFailed(str(error)) from error
    try:
        state = HttpState(settings.connections, lambda: len(node.sockets))
        servers = await _listen(listeners, node, state, certificate.context)
        beat = asyncio.create_task(_heartbeat(state, certificate))
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLD)
        ready(node.media_address)
        await stopping.wait()
        logger.info("stopping", extra={"websockets": len(node.sockets)})
        for server in servers:
            server.close()
        await _drain(node, state)
        beat.cancel()
    finally:
        await node.close()
    logger.info("stopped")


def _stop_signals(parent: int | None) -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    first_at = 0.0

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal first_at
        now = time.monotonic()
        if not first_at:
            first_at = now
            if not loop.is_closed():
                loop.call_soon_threadsafe(stopping.set)
        elif number == signal.SIGINT and now - first_at > PATIENCE_SECONDS:
            os._exit(1)

    def orphaned() -> None:
        assert parent is not None
        loop.remove_reader(parent)
        stopping.set()

    # Not the loop's own way, which restores the default action before the process has ended.
    signal.signal(signal.SIGTERM, stop)
    if parent is None:
        signal.signal(signal.SIGINT, stop)
    else:
        # Ctrl-C reaches the whole process group; what it means is the parent's affair.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        loop.add_reader(parent, orphaned)
    return stopping


async def _listen(
    listeners: Listeners, node: Node, state: HttpState, context: ssl.SSLContext
) -> list[asyncio.Server]:
    config = Config(
        node.app,
        http=HttpConnection,
        ws=node.sockets.protocol_class,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    config.load()
    loop = asyncio.get_running_loop()
    _set_date(state)

    def connection() -> HttpConnection:
        return HttpConnection(config, state, {}, loop)

    servers = [await loop.create_server(connection, sock=one) for one in listeners.plain]
    for one in listeners.secure:
        servers.append(
            await loop.create_server(
                connection, sock=one, ssl=context, ssl_handshake_timeout=HEAD_SECONDS
            )
        )
    return servers


def _set_date(state: HttpState) -> None:
    state.default_headers = [(b"date", formatdate(usegmt=True).encode())]


async def _heartbeat(state: HttpState, certificate: ServerCertificate) -> None:
    """Once a second: the clock of the connections, the Date header, changed certificates."""
    while True:
        await asyncio.sleep(1)
        state.turn()
        _set_date(state)
        try:
            if certificate.refresh():
                logger.info("took up new certificates")
        except (OSError, ssl.SSLError, SettingsError) as error:
            logger.warning("cannot use the new certificates", extra={"error": str(error)})


async def _drain(node: Node, state: HttpState) -> None:
    for connection in list(state.connections):
        connection.shutdown()
    sockets = asyncio.create_task(node.sockets.drain(DRAIN_SECONDS))
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while state.tasks or state.connections:  # noqa: ASYNC110 -- happens once in a life
                await asyncio.sleep(0.02)
    except TimeoutError:
        for connection in list(state.connections):
            if isinstance(connection, HttpConnection):
                connection.cut_off()
        for task in list(state.tasks):
            task.cancel()
    await sockets
