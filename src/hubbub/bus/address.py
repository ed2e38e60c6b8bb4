"""Where a Redis or Valkey server is, and how to get in."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

TLS_OF_SCHEME = {
    "redis": False,
    "valkey": False,
    "unix": False,
    "rediss": True,
    "valkeys": True,
}


@dataclass(frozen=True, slots=True)
class Address:
    """``redis://[user:password@]host[:port][/db]``, ``unix://[user:password@]/path[?db=n]``.

    ``rediss`` and ``valkeys`` speak TLS; ``ssl_ca_certs=<file>`` names the authorities to trust,
    ``ssl_cert_reqs=none`` trusts whoever answers.
    """

    host: str = "localhost"
    port: int = 6379
    path: str = ""  # of a Unix socket, in place of host and port
    tls: ssl.SSLContext | None = field(default=None, compare=False)
    username: str = ""
    password: str = field(default="", repr=False)
    db: int = 0

    @classmethod
    def parse(cls, url: str) -> Address:
        """Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in TLS_OF_SCHEME:
            known = ", ".join(f"{scheme}://" for scheme in TLS_OF_SCHEME)
            raise ValueError(f"bus URL must start with one of {known}")
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        unix = parts.scheme == "unix"
        db = options.get("db", "" if unix else parts.path.strip("/")) or "0"
        if not db.isdecimal():
            raise ValueError(f"bus URL: no database {db!r}")
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or 6379,
            path=unquote(parts.path) if unix else "",
            tls=_tls(options) if TLS_OF_SCHEME[parts.scheme] else None,
            username=unquote(parts.username or options.get("username", "")),
            password=unquote(parts.password or options.get("password", "")),
            db=int(db),
        )

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


def _tls(options: dict[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if options.get("ssl_cert_reqs") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
