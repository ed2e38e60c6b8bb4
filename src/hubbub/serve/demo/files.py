"""The files of the demo page: package data below ``hubbub/demo``, built by ``make setup``."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from pathlib import Path

DIRECTORY = Path(str(files("hubbub"))) / "demo"

_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".ico": b"image/x-icon",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".map": b"application/json",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".txt": b"text/plain; charset=utf-8",
    ".wasm": b"application/wasm",
    ".woff2": b"font/woff2",
}
# Workers come from blobs that the client makes; signalling may be at another host (public-url).
_POLICY = (
    b"default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:;"
    b" connect-src 'self' ws: wss: http: https:; img-src 'self' data: blob:;"
    b" media-src 'self' blob: mediastream:; style-src 'self' 'unsafe-inline';"
    b" object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"cache-control", b"no-cache"),
    (b"content-security-policy", _POLICY),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(self), display-capture=(self)"),
)
_TEXT = _TYPES[".txt"]
_NOT_BUILT = b"""<!doctype html>
<meta charset="utf-8">
<title>Hubbub's demo</title>
<p>The demo page is not built. <code>make setup</code> builds it where Node.js and npm are at hand;
then reload this page.
"""

Answer = tuple[int, bytes, bytes, tuple[tuple[bytes, bytes], ...]]


class Files:
    """Serves the files that `directory` holds, and nothing beside it."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._directory = directory

    async def answer(self, method: str, path: str) -> Answer:
        """Status, content type, body and further headers for a path below ``/demo``."""
        if method not in ("GET", "HEAD"):
            return 405, _TEXT, b"Method not allowed\n", ((b"allow", b"GET, HEAD"),)
        if path == "":
            # Relative addresses in the page start at the directory.
            return 308, _TEXT, b"/demo/\n", ((b"location", b"/demo/"),)
        return await asyncio.to_thread(self._read, path.removeprefix("/") or "index.html")

    def _read(self, name: str) -> Answer:
        kind = _TYPES.get(Path(name).suffix)
        file = self._directory / name
        parts = name.split("/")
        if kind is not None and not any(part.startswith(".") or part == "" for part in parts):
            try:
                # Resolved, so that a link cannot lead out of the directory either.
                if file.resolve().is_relative_to(self._directory.resolve()):
                    return 200, kind, file.read_bytes(), _HEADERS
            except (OSError, ValueError):
                pass
        if name == "index.html":
            return 200, _TYPES[".html"], _NOT_BUILT, _HEADERS
        return 404, _TEXT, b"Not found\n", _HEADERS
