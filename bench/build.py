"""Compiles the C programs into .cache/bench when their sources are newer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.places import BENCH, CACHE

FLAGS = ("-O2", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror")
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "fanout": (
        "client/fanout.c",
        "client/rounds.c",
        "client/members.c",
        "client/protocol.c",
        "client/raw.c",
        "client/nats.c",
        "client/ws.c",
        "client/ivschat.c",
        "client/net.c",
    ),
    "http": ("client/http.c", "client/net.c"),
    "send_loop": ("rivals/send_loop.c",),
}


def program(name: str) -> Path:
    """The path of a compiled program."""
    target = CACHE / name
    sources = [BENCH / source for source in PROGRAMS[name]]
    inputs = [*sources, *(BENCH / "client").glob("*.h"), Path(__file__)]
    if target.exists() and target.stat().st_mtime > max(path.stat().st_mtime for path in inputs):
        return target
    CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", *FLAGS, "-o", target, *sources], check=True)
    return target
