"""The data directory: ours alone, and used by one server at a time."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import msgspec

from hubbub.settings import Settings, SettingsError


class Addresses(msgspec.Struct):
    """``server.json``: where the running server answers. Removed when it ends."""

    http: str
    https: str


def prepare(settings: Settings) -> Settings:
    """Make the directory (mode 0700, as all that this process makes) and name it absolutely."""
    os.umask(0o077)
    directory = settings.data_dir.absolute()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"setting data-dir: {directory}: {error.strerror}") from None
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise SettingsError(f"setting data-dir: {directory} cannot be written to")
    return replace(settings, data_dir=directory)


class ServerLock:
    """Held by the server of a data directory for its life."""

    def __init__(self, directory: Path) -> None:
        self._file = (directory / "server.lock").open("a")
        self._addresses = directory / "server.json"
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise SettingsError(
                f"setting data-dir: another server is running on {directory}"
            ) from None

    def publish(self, http: str, https: str) -> None:
        """Let `hubbub env` know the addresses."""
        new = self._addresses.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(Addresses(http, https)))
        new.replace(self._addresses)

    def release(self) -> None:
        self._addresses.unlink(missing_ok=True)
        self._file.close()


def running_addresses(directory: Path) -> Addresses | None:
    """Where the server of this directory answers; None when none is running."""
    try:
        with (directory / "server.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:  # somebody holds it
                content = (directory / "server.json").read_bytes()
                return msgspec.json.decode(content, type=Addresses)
    except (OSError, msgspec.MsgspecError):
        pass
    return None
