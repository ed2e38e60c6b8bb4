"""A process's own part of the spool, and the parts of processes that are gone.

::

    <data-dir>/spool/lock          held while directories are made, adopted or removed
    <data-dir>/spool/<id>.lock     held by the process that owns <id>, as long as it lives
    <data-dir>/spool/<id>/…        its segments

The kernel lets go of a lock with the process that held it, however that ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


class WorkerDirectory:
    """Claimed on construction. Raises OSError when the data directory cannot be written."""

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root = root
        self.id = secrets.token_hex(6)
        self.path = root / self.id
        with self._mutex():
            self._lock = _open_lock(self._lock_path(self.id))
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            self.path.mkdir(mode=0o700)

    def _lock_path(self, name: str) -> Path:
        return self._root / f"{name}.lock"

    @contextlib.contextmanager
    def _mutex(self) -> Iterator[None]:
        descriptor = _open_lock(self._root / "lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def adopt(self) -> list[Path]:
        """Move the files of processes that are gone into this directory; where they are now."""
        others = [path for path in self._root.glob("*.lock") if path.stem != self.id]
        if not others:
            return []
        adopted: list[Path] = []
        with self._mutex():
            for lock_path in others:
                descriptor = _open_lock(lock_path)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue  # it lives
                else:
                    adopted += self._take(self._root / lock_path.stem)
                    lock_path.unlink(missing_ok=True)
                finally:
                    os.close(descriptor)
        return adopted

    def _take(self, directory: Path) -> list[Path]:
        if not directory.is_dir():
            return []
        moved = []
        for path in sorted(directory.iterdir()):
            target = self.path / path.name
            path.rename(target)
            moved.append(target)
        directory.rmdir()
        return moved

    def release(self) -> None:
        """Remove the directory when it is empty; else the next process adopts it."""
        with self._mutex():
            with contextlib.suppress(OSError):
                self.path.rmdir()
                self._lock_path(self.id).unlink()
            os.close(self._lock)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
