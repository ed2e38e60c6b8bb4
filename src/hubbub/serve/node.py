"""Puts the parts of one serving process together, and takes them apart again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from sqlalchemy import literal, select

from hubbub import messaging
from hubbub.access.opening import Access, open_access
from hubbub.access.trusting import AnyCredentials
from hubbub.bus import Bus, BusUnavailable, Unavailable, open_bus
from hubbub.bus.asking import outcome_of
from hubbub.functions import open_functions
from hubbub.identity import ChimeIdentity
from hubbub.ivschat import LAYOUT, IvsChat, IvsChatLayout
from hubbub.meetings import EVENTS_PATH, ChimeMeetings, EventIngestion
from hubbub.meetings.live import open_live
from hubbub.meetings.placement import CONTROL_PATH
from hubbub.serve.demo import demo_wanted, open_demo
from hubbub.serve.health import Health
from hubbub.serve.paths import Paths
from hubbub.settings import Settings, SettingsError
from hubbub.sinks import open_sinks
from hubbub.sockets import SocketFront
from hubbub.store.contract import Store, StoreUnavailable
from hubbub.store.opening import is_postgresql, open_store
from hubbub.sts import Sts
from hubbub.wire import (
    Authenticator,
    FrontDoor,
    Service,
    ServiceError,
    SignatureAuthenticator,
    TrustingAuthenticator,
)

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

_STORE_ANSWERS = select(literal(1))


class Node:
    """An ASGI application and a WebSocket front, with everything behind them."""

    def __init__(
        self,
        app: ASGI3Application,
        sockets: SocketFront,
        services: Sequence[Service],
        media_address: str,
        parts: AsyncExitStack,
    ) -> None:
        self.app = app
        self.sockets = sockets
        self.services = services
        self.media_address = media_address  # "udp://127.0.0.1:4478" or "off"
        self._parts = parts

    async def close(self) -> None:
        """Close the parts, the first to be opened last: the log is flushed before the store goes.

        A part that fails to close does not keep the others open.
        """
        await self._parts.aclose()


async def open_node(settings: Settings, *, any_credentials: bool = False) -> Node:
    """Raises SettingsError, StoreUnavailable, BusUnavailable, OSError; then nothing stays open."""
    async with AsyncExitStack() as parts:
        store = await open_store(settings.database_url, settings.data_dir, exclusive=True)
        parts.push_async_callback(store.close)
        access = await open_access(settings, store)
        bus = await _open_bus(settings)
        parts.push_async_callback(bus.close)
        sinks = open_sinks(
            settings.sinks,
            settings.data_dir,
            {LAYOUT: IvsChatLayout()},
            workers=settings.workers,
        )
        parts.push_async_callback(sinks.close)
        functions = open_functions(settings.functions)
        parts.push_async_callback(functions.close)
        chat = IvsChat(
            store=store,
            bus=bus,
            functions=functions,
            sinks=sinks,
            keyring=access.keyring,
            settings=settings,
        )
        await chat.start()
        parts.push_async_callback(chat.close)
        identity = ChimeIdentity(
            store=store,
            bus=bus,
            keyring=access.keyring,
            settings=settings,
            is_shared=is_postgresql(settings.database_url),
        )
        await identity.start()
        parts.push_async_callback(identity.close)
        live = open_live(settings)
        parts.push_async_callback(live.close)
        meetings = ChimeMeetings(
            store=store,
            stage=live.stage,
            functions=functions,
            sinks=sinks,
            keyring=access.keyring,
            settings=settings,
            media_port=live.media_port,
        )
        live.attach(meetings.directory)
        await meetings.start()
        parts.push_async_callback(meetings.close)
        services = (
            chat.service,
            identity.service,
            messaging.service(),
            meetings.service,
            Sts(access.sessions, access.roles).service,
        )
        door = FrontDoor(
            services,
            _authenticator(settings, access, any_credentials),
            unavailable=_UNAVAILABLE,
        )
        checks = {
            "store": lambda: _ask_store(store),
            "bus": lambda: _ask_bus(bus),
            "media": live.check,
        }
        # "/" for those who point IVS Chat's own host name here: there it has no path.
        sockets = SocketFront(
            dict.fromkeys(("/ivschat", "/ivschat/", "/"), chat.endpoint),
            {CONTROL_PATH: live.endpoint},
        )
        app: Any = Paths(door, {EVENTS_PATH: EventIngestion(meetings.directory)})
        if demo_wanted(settings):
            app = open_demo(settings, access.root, meetings.service, _UNAVAILABLE, app)
        app = Health(app, checks)
        return Node(app, sockets, services, live.media_address, parts.pop_all())
    raise AssertionError  # an exit stack without callbacks that swallow exceptions


async def _open_bus(settings: Settings) -> Bus:
    try:
        return await open_bus(settings.bus_url, settings.data_dir)
    except ValueError as error:
        raise SettingsError(f"setting bus-url: {error}") from None


def _authenticator(settings: Settings, access: Access, any_credentials: bool) -> Authenticator:
    if not any_credentials:
        return SignatureAuthenticator(access.credentials)
    anybody = AnyCredentials(settings.account_id, access.sessions, access.roles)
    return TrustingAuthenticator(anybody.accept)


def _unavailable() -> ServiceError:
    """SDKs try again."""
    return ServiceError(
        "ServiceUnavailableException", "The service is temporarily unavailable.", status=503
    )


_UNAVAILABLE = {StoreUnavailable: _unavailable, BusUnavailable: _unavailable}


async def _ask_store(store: Store) -> None:
    await store.fetch(_STORE_ANSWERS)


async def _ask_bus(bus: Bus) -> None:
    if isinstance(await outcome_of(bus, ()), Unavailable):
        raise BusUnavailable
