"""The media engine's threads, as the kernel lists those of this process."""

from __future__ import annotations

from pathlib import Path

_TASKS = Path("/proc/self/task")
_NAME = b"media-"  # and a number


def media_threads() -> frozenset[int]:
    """Ids of the threads that carry media now."""
    return frozenset(int(task.name) for task in _TASKS.iterdir() if _carries_media(task))


def _carries_media(task: Path) -> bool:
    try:
        return (task / "comm").read_bytes().startswith(_NAME)
    except OSError:
        return False  # it has just ended
