"""File names below a directory for names that others chose."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

_NAME_BYTES = 200  # file systems take 255; the rest is for endings


def path_below(root: Path, *names: str) -> Path:
    """``root/<name>/<name>…``, where slashes within a name make directories.

    Whatever the names hold, the path stays below `root`: empty parts are left out, ``.`` and
    ``..`` are escaped, over-long parts are shortened and told apart by a hash.
    """
    path = root
    for name in names:
        for part in name.split("/"):
            if part:
                path /= _safe(part)
    if path == root:
        raise ValueError("a name is needed")
    return path


def _safe(part: str) -> str:
    if part.strip(".") == "":
        return part.replace(".", "%2E")
    if not part.isprintable() or not part.isascii():
        part = quote(part, safe=" !#$&'()+,;=@[]", errors="surrogatepass")
    if len(part) > _NAME_BYTES:
        digest = blake2b(part.encode(), digest_size=6).hexdigest()
        part = f"{part[: _NAME_BYTES - 13]}~{digest}"
    return part
