"""How much a server carries: the greatest load at which everything still arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.attendees import Seen
from bench.load import LoadFailed

FULL_CORE = 0.97
"""From this share on a failed step is not tried again."""


@dataclass(frozen=True, slots=True)
class Step:
    size: int
    seen: Seen
    delivered: float
    """The part of what should have arrived that did, up to 1."""
    carried: bool

    @property
    def per_core(self) -> float:
        """What a core would carry at this cost; more than it can if it had no room to breathe."""
        return self.size * self.delivered / self.seen.cpu_share


@dataclass(frozen=True, slots=True)
class Found:
    best: Step
    """The greatest that was carried, else the smallest that was tried."""
    limited_by_clients: bool
    """The next step failed with the clients' core full and the server's not."""

    @property
    def carried(self) -> int:
        return self.best.size if self.best.carried else 0


def search(look: Callable[[int], Step], ladder: Sequence[int], *, seconds: float = 60.0) -> Found:
    """Starts at the bottom, jumps to where the core should be full, and goes on from there.

    No step up begins after so many seconds.
    """
    end = time.monotonic() + seconds
    first = _try(look, ladder[0])
    if first is None:
        raise LoadFailed(f"nobody got in at {ladder[0]}")
    best, failed = first, None
    if not first.carried:
        return Found(first, _is_clients_fault(first))
    at = max((n for n, size in enumerate(ladder) if size <= first.per_core), default=0)
    going_up = False
    while 0 < at < len(ladder) and (not going_up or time.monotonic() < end):
        step = _try(look, ladder[at])
        if step is not None and step.carried:
            best, going_up = step, True
            at += 1
        else:
            failed = step
            if going_up:
                break
            at -= 1
    return Found(best, _is_clients_fault(failed))


def _try(look: Callable[[int], Step], size: int) -> Step | None:
    """A step that fails with room to spare is tried twice: others may have used the cores."""
    step = _say(look, size)
    if step is None or step.carried or step.seen.cpu_share > FULL_CORE:
        return step
    return _say(look, size) or step


def _say(look: Callable[[int], Step], size: int) -> Step | None:
    try:
        step = look(size)
    except LoadFailed as failure:
        print(f"  {size}: {failure}", flush=True)
        return None
    report, generator = step.seen.report, step.seen.report.generator
    print(
        f"  {size}: {'carried' if step.carried else 'not carried'},"
        f" {step.delivered:.2%} delivered, loss {report.audio.loss:.4f} {report.video.loss:.4f},"
        f" concealment {report.sampled.concealment:.3f}, server {step.seen.cpu_share:.2f} clients"
        f" {generator.cpu_share:.2f} of a core, {report.connected} in after"
        f" {report.join_seconds:.0f} s, {step.per_core:,.4g} per core {report.failures or ''}",
        flush=True,
    )
    return step


def _is_clients_fault(failed: Step | None) -> bool:
    return (
        failed is not None
        and failed.seen.report.generator.overloaded
        and failed.seen.cpu_share < FULL_CORE
    )
