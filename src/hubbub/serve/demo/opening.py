"""Whether there is a demo, and its parts put together."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence

from hubbub.access.root import RootKey
from hubbub.serve.demo.app import Application, Demo
from hubbub.serve.demo.operations import AsRoot, Room
from hubbub.settings import Settings
from hubbub.wire import FrontDoor, Service, ServiceError


def demo_wanted(settings: Settings) -> bool:
    """The setting, else whether only this machine can reach the server."""
    if settings.demo is not None:
        return settings.demo
    try:
        return ipaddress.ip_address(settings.host.strip("[]")).is_loopback
    except ValueError:
        return settings.host == "localhost"


def open_demo(
    settings: Settings,
    root: RootKey,
    meetings: Service,
    unavailable: Mapping[type[Exception], Callable[[], ServiceError]],
    next_application: Application,
) -> Demo:
    services: Sequence[Service] = (meetings,)
    door = FrontDoor(services, AsRoot(root.credentials, settings.region), unavailable=unavailable)
    return Demo(next_application, lambda headers, secure: Room(door, headers, secure))
