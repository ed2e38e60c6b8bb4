"""Where media arrive: the address the engine listens on, and those that clients are told."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from hubbub.meetings.sdp import Candidate
from hubbub.settings import Settings, SettingsError

# Documentation addresses: no packet is sent, the kernel only tells which of ours it would use.
_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
_LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def listening_address(settings: Settings) -> str:
    """The IP address of setting media-host. Raises SettingsError."""
    host = settings.media_host or settings.host
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise SettingsError(f"setting media-host: {host}: {error.strerror}") from None
    return str(found[0][4][0])


def told_addresses(settings: Settings, listening: str) -> list[str]:
    """Those at which clients reach the media port. Raises SettingsError."""
    return _given(settings) or _own(listening)


def candidates(addresses: Sequence[str], port: int) -> tuple[Candidate, ...]:
    """Each address by UDP and, for networks without it, by TCP."""
    return tuple(
        Candidate(protocol, address, port) for protocol in ("udp", "tcp") for address in addresses
    )


def _given(settings: Settings) -> list[str]:
    try:
        return [
            str(ipaddress.ip_address(each.strip()))
            for each in settings.media_addresses.split(",")
            if each.strip()
        ]
    except ValueError as error:
        raise SettingsError(f"setting media-addresses: {error}") from None


def _own(listening: str) -> list[str]:
    address = ipaddress.ip_address(listening)
    if not address.is_unspecified:
        return [listening]
    families = [socket.AF_INET, *([socket.AF_INET6] if address.version == 6 else [])]
    found = [own for family in families if (own := _route(family)) is not None]
    return found or [_LOOPBACK[families[-1]]]


def _route(family: socket.AddressFamily) -> str | None:
    """The address that connections to elsewhere come from."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((_ELSEWHERE[family], 9))
            return str(probe.getsockname()[0])
    except OSError:
        return None
