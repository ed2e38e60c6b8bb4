"""A data directory that can be made full, and given space again."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from tests.server import Server

PRELOAD = Path(__file__).parents[1] / "clients" / "preload"


class SmallDisk(Protocol):
    """`fill` and `free` while the server runs on `directory`."""

    directory: Path

    def fill(self, server: Server) -> None: ...
    def free(self, server: Server) -> None: ...
    def full(self) -> AbstractContextManager[Mapping[str, str]]:
        """A server that is started in here with this environment finds no space."""
        ...


class Mounted:
    """A tmpfs of its own: the real thing, ENOSPC for whatever is written."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "data"
        self.directory.mkdir()
        self._ballast = self.directory / "ballast"

    @contextmanager
    def full(self) -> Iterator[Mapping[str, str]]:
        self._fill()
        yield {}
        self._ballast.unlink()

    def fill(self, server: Server) -> None:
        self._fill()

    def _fill(self) -> None:
        block = bytes(65_536)
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(block) == len(block):
                pass

    def free(self, server: Server) -> None:
        self._ballast.unlink()


class Limited:
    """No file of the server may grow (RLIMIT_FSIZE): EFBIG, also without being root."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "data"
        self.directory.mkdir()

    @contextmanager
    def full(self) -> Iterator[Mapping[str, str]]:
        yield {"PYTHONPATH": str(PRELOAD), "FILE_SIZE_LIMIT": "16384"}

    def fill(self, server: Server) -> None:
        # Log files on /dev/null and pipes have no size; a database has one page at least.
        self._limit(server, max(file.stat().st_size for file in self.directory.rglob("*")))

    def free(self, server: Server) -> None:
        self._limit(server, resource.RLIM_INFINITY)

    def _limit(self, server: Server, size: int) -> None:
        assert server.process
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def mounted(directory: Path, mebibytes: int) -> Iterator[Mounted]:
    """Raises CalledProcessError where mounting is not allowed."""
    options = f"size={mebibytes}m,mode=0700"
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "hubbub-tests", str(directory)],
        check=True,
        capture_output=True,
    )
    try:
        yield Mounted(directory)
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@contextmanager
def small_disk(directory: Path, mebibytes: int = 24) -> Iterator[SmallDisk]:
    """A mounted one where that is possible, else one by limits."""
    if os.geteuid() == 0:
        with contextlib.ExitStack() as stack:
            try:
                disk: SmallDisk = stack.enter_context(mounted(directory, mebibytes))
            except (subprocess.CalledProcessError, FileNotFoundError):
                disk = Limited(directory)
            yield disk
    else:
        yield Limited(directory)
