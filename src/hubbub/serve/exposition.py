"""Metrics as Prometheus's text, of one process or of all workers together.

Workers keep their values in files of one directory; `share_values` has to come before the first
import of `prometheus_client`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it


def share_values(directory: Path) -> None:
    """Keep values in the directory, emptied first, so that any worker can tell those of all."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    os.environ[_DIRECTORY] = str(directory.absolute())


def keep_values_private() -> None:
    """One process, whatever the environment says."""
    os.environ.pop(_DIRECTORY, None)


def forget_process(pid: int) -> None:
    """Gauges of a process that has ended are no longer counted."""
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def render() -> tuple[str, bytes]:
    """Content type and text."""
    from prometheus_client import (  # noqa: PLC0415
        CONTENT_TYPE_LATEST,
        REGISTRY,
        CollectorRegistry,
        generate_latest,
        multiprocess,
    )

    registry = REGISTRY
    if _DIRECTORY in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return CONTENT_TYPE_LATEST, generate_latest(registry)
