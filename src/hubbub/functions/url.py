"""URLs of functions."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """An absolute http or https URL, as far as a client needs it."""

    tls: bool
    authority: str  # for the Host header
    path: str  # percent-encoded, at least "/"
    query: str
    credentials: str  # "user:password", percent-encoded, or ""

    @property
    def address(self) -> str:
        """The URL without credentials."""
        query = f"?{self.query}" if self.query else ""
        return f"{'https' if self.tls else 'http'}://{self.authority}{self.path}{query}"


def parse_http_url(text: str) -> HttpUrl:
    """Raises ValueError that says in words what is wrong."""
    if not text.isascii() or any(character <= " " or character == "\x7f" for character in text):
        raise ValueError("a URL holds no spaces and no characters beyond ASCII")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        raise ValueError("a URL starts with http:// or https://")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port is no number up to 65535") from None
    if not parts.hostname or port == 0:
        raise ValueError("the host is missing" if not parts.hostname else "the port is 0")
    if parts.fragment:
        raise ValueError("a URL of a function has no #fragment")
    credentials, _, authority = parts.netloc.rpartition("@")
    return HttpUrl(
        tls=parts.scheme == "https",
        authority=authority,
        path=parts.path or "/",
        query=parts.query,
        credentials=credentials,
    )
