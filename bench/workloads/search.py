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
    size: float
    seen: Seen
    delivered: float
    """The part of what should have arrived that did, up to 1."""
    carried: bool

    @property
    def fits(self) -> float:
        """The size at which the server's core or the clients' should be full."""
        return self.size / max(self.seen.cpu_share, self.seen.report.generator.cpu_share)

    @property
    def is_core_full(self) -> bool:
        share = max(self.seen.cpu_share, self.seen.report.generator.cpu_share)
        return share > FULL_CORE

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
    def carried(self) -> float:
        return self.best.size if self.best.carried else 0

    @property
    def half(self) -> float:
        """Of its size; whole where it can be."""
        return self.best.size // 2 or self.best.size / 2


def search(
    look: Callable[[float], Step],
    ladder: Sequence[float],
    *,
    start: int = 0,
    seconds: float = 60.0,
) -> Found:
    """Starts at that rung; if it was carried, jumps to where one of the cores should be full, and
    from there up or down to where it changes. No step up begins after so many seconds.
    """
    end = time.monotonic() + seconds
    first = _try(look, ladder[start])
    if first is None or not first.carried:
        best, failed = _go_down(look, ladder[:start], first)
        if best is None:
            raise LoadFailed("nobody got in")
        return Found(best, _is_clients_fault(failed))
    top = max((n for n, size in enumerate(ladder) if size <= first.fits), default=start)
    at = min(max(top, start + 1), len(ladder) - 1)
    if at == start:
        return Found(first, limited_by_clients=False)
    best = _try(look, ladder[at])
    if best is None or not best.carried:
        best, failed = _go_down(look, ladder[start + 1 : at], best)
        return Found(best if best and best.carried else first, _is_clients_fault(failed))
    for size in ladder[at + 1 :]:
        if time.monotonic() > end:
            break
        step = _try(look, size)
        if step is None or not step.carried:
            return Found(best, _is_clients_fault(step))
        best = step
    return Found(best, limited_by_clients=False)


def _go_down(
    look: Callable[[float], Step], ladder: Sequence[float], failed: Step | None
) -> tuple[Step | None, Step | None]:
    """The first that is carried, else the smallest at which anybody got in; and what failed."""
    for size in reversed(ladder):
        step = _try(look, size)
        if step is not None and step.carried:
            return step, failed
        failed = step or failed
    return failed, failed


def _try(look: Callable[[float], Step], size: float) -> Step | None:
    """A step that fails with room to spare is tried twice: others may have used the cores."""
    step = _say(look, size)
    if step is None or step.carried or step.is_core_full:
        return step
    return _say(look, size) or step


def _say(look: Callable[[float], Step], size: float) -> Step | None:
    try:
        step = look(size)
    except LoadFailed as failure:
        print(f"  {size:g}: {failure}", flush=True)
        return None
    report, generator = step.seen.report, step.seen.report.generator
    print(
        f"  {size:g}: {'carried' if step.carried else 'not carried'},"
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
