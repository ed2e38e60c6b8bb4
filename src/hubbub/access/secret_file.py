"""Files with secrets, made once: complete or not there at all, and readable for us alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hubbub.settings import SettingsError


def read(path: Path) -> bytes | None:
    """The content; None when there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None


def read_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content, made first when there is no such file. Raises SettingsError.

    Of several processes that try at once one makes it, and all get the same. On return it is on
    disk, mode 0600.
    """
    content = read(path)
    if content is not None:
        return content
    try:
        _create(path, make())
    except OSError as error:
        raise SettingsError(f"{path} cannot be made: {error.strerror}") from None
    content = read(path)
    assert content is not None
    return content


def _create(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # unlike a rename, a link replaces nothing
            os.link(name, path)
    finally:
        os.unlink(name)  # noqa: PTH108
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
