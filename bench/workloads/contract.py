"""A workload: contestants that take turns, each measured in the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.servers.contract import Server

Sample = Mapping[str, float]
"""Figure -> value; the unit ends the figure's name."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to look."""

    warm_up: float  # seconds
    seconds: float
    repetitions: int


FULL = Pace(warm_up=1.0, seconds=3.0, repetitions=3)
QUICK = Pace(warm_up=0.3, seconds=1.0, repetitions=1)


@dataclass(frozen=True, slots=True)
class Contestant:
    server: Server
    measure: Callable[[Path, Pace], Sample]
    """Starts the server in the directory, measures, and stops it."""


@dataclass(frozen=True, slots=True)
class Workload:
    name: str
    contestants: Sequence[Contestant]
    repetitions: int = FULL.repetitions
    """At most; one where a measurement already looks several times."""
