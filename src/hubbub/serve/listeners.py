"""The listening sockets: bound once, before anything else that may take long or fail."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from hubbub.settings import Settings, SettingsError

BACKLOG = 4_096


@dataclass(frozen=True, slots=True)
class Listeners:
    """Bound sockets of one process; ``http`` and ``https`` are the base URLs they answer."""

    plain: tuple[socket.socket, ...]
    secure: tuple[socket.socket, ...]
    http: str
    https: str

    def close(self) -> None:
        for one in (*self.plain, *self.secure):
            one.close()


def bind(settings: Settings, processes: int = 1) -> list[Listeners]:
    """Sockets for each process, all on the same ports; the kernel spreads connections over them.

    Raises SettingsError naming the setting when an address cannot be had.
    """
    plain = _bind_port(settings.host, settings.port, processes, "port")
    secure = _bind_port(settings.host, settings.tls_port, processes, "tls-port")
    http = f"http://{_authority(settings.host, plain[0][0])}"
    https = f"https://{_authority(settings.host, secure[0][0])}"
    return [
        Listeners(own_plain, own_secure, http, https)
        for own_plain, own_secure in zip(plain, secure, strict=True)
    ]


def _bind_port(host: str, port: int, processes: int, name: str) -> list[tuple[socket.socket, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SettingsError(f"setting host: {host}: {error.strerror}") from None
    addresses = list(dict.fromkeys((family, where) for family, _, _, _, where in found))
    bound: list[tuple[socket.socket, ...]] = []
    try:
        if processes > 1:
            # Shared ports would let a second server in beside us without an error.
            for family, where in addresses:
                _bind_one(family, where, shared=False).close()
        for _ in range(processes):
            own = []
            for family, where in addresses:
                # Port 0: the first socket finds a free port, the others take the same.
                own.append(_bind_one(family, (where[0], port, *where[2:]), processes > 1))
                port = own[-1].getsockname()[1]
            bound.append(tuple(own))
    except OSError as error:
        raise SettingsError(
            f"setting {name}: cannot listen on {host} port {port}: {error.strerror}"
        ) from None
    return bound


def _bind_one(family: int, where: tuple[object, ...], shared: bool) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            # "::" alone means every address; next to an IPv4 socket it has to keep to its own.
            only = where[0] != "::"
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        one.bind(where)
        one.listen(BACKLOG)
    except OSError:
        one.close()
        raise
    return one


def _authority(host: str, one: socket.socket) -> str:
    return f"{f'[{host}]' if ':' in host else host}:{one.getsockname()[1]}"
