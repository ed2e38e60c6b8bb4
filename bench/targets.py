"""What Hubbub has to reach, and whether it did."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.results import Results

HUBBUB = "Hubbub"
REFERENCE = "send() in C, one a wake-up"
_LATENCY = "half_load_p99_ms"


@dataclass(frozen=True, slots=True)
class Target:
    """A figure of Hubbub and its bound."""

    what: str
    workload: str
    figure: str
    bound: float
    unit: str = ""
    decimals: int = 0
    meets: Callable[[float, float], bool] = operator.ge


@dataclass(frozen=True, slots=True)
class Verdict:
    what: str
    bound: str
    found: str
    met: bool


_AT_MOST = operator.le
FIXED = (
    Target("fan-out to 1,000, deliveries/s", "fanout-1000", "deliveries_per_second", 500_000),
    Target(
        "p99 of a full fan-out to 1,000 at half that load",
        "fanout-1000",
        _LATENCY,
        30,
        " ms",
        1,
        _AT_MOST,
    ),
    Target(
        "p99 of a full fan-out to 10,000 at half that load",
        "fanout-10000",
        _LATENCY,
        30,
        " ms",
        1,
        _AT_MOST,
    ),
    Target(
        "RSS of an idle connection, of 2,000",
        "connections",
        "kib_per_connection_2000",
        10,
        " KiB",
        1,
        _AT_MOST,
    ),
    Target(
        "RSS of an idle connection, of 10,000",
        "connections",
        "kib_per_connection_10000",
        10,
        " KiB",
        1,
        _AT_MOST,
    ),
    Target("connects with token check/s", "connections", "connects_per_second", 3_000),
    Target("signed GetRoom/s", "get-room", "requests_per_second", 8_000),
    Target("signed CreateRoom/s, durable", "create-room", "requests_per_second", 2_500),
    Target("signed CreateAppInstanceUser/s, durable", "identity", "creates_per_second", 2_500),
    Target("signed DescribeAppInstanceUser/s", "identity", "describes_per_second", 8_000),
    Target(
        "p99 of ListAppInstanceUsers, 50 of 100,000",
        "identity",
        "list_p99_ms",
        3,
        " ms",
        1,
        _AT_MOST,
    ),
    Target(
        "p99 of DescribeAppInstanceUser while 100,000 users are deleted, against without",
        "identity",
        "describe_p99_ratio_while_deleting",
        2,
        "",
        1,
        _AT_MOST,
    ),
    Target("first start to ready", "start", "first_start_seconds", 1, " s", 2, _AT_MOST),
    Target("start to ready", "start", "start_seconds", 1, " s", 2, _AT_MOST),
    Target("RSS of the idle server", "start", "rss_mib", 80, " MiB", 0, _AT_MOST),
)
AHEAD = ("fanout-1000", "fanout-10000")
"""Workloads in which no rival may do more per server-CPU-second."""


def verdicts(results: Results) -> Iterator[Verdict]:
    for target in FIXED:
        found = results.of(target.workload, HUBBUB)
        if found is not None:
            value = found[target.figure]
            sign = "≥" if target.meets is operator.ge else "≤"
            yield Verdict(
                target.what,
                f"{sign} {target.bound:,g}{target.unit}",
                f"{value:,.{target.decimals}f}{target.unit}{_beside(results, target)}",
                target.meets(value, target.bound),
            )
    for workload in AHEAD:
        yield from _ahead(results, workload)


def _beside(results: Results, target: Target) -> str:
    """For a rate, the same per CPU second, which does not suffer from other processes; for a
    latency, what the bare loop of send() reaches: no server on this machine is much quicker.
    """
    own = results.of(target.workload, HUBBUB)
    per_cpu = target.figure.replace("_per_second", "_per_cpu_second")
    if own is not None and per_cpu != target.figure:
        return f" ({own[per_cpu]:,.0f} a server-CPU-second)"
    reference = results.of(target.workload, REFERENCE)
    if reference is not None and target.figure == _LATENCY:
        return f" (bare send(): {reference[target.figure]:,.{target.decimals}f}{target.unit})"
    return ""


def _ahead(results: Results, workload: str) -> Iterator[Verdict]:
    own = results.of(workload, HUBBUB)
    rates = {
        measured.server: measured.median["deliveries_per_cpu_second"]
        for measured in results.workloads.get(workload, ())
        if measured.rival
    }
    if own is None or not rates:
        return
    best = max(rates, key=rates.__getitem__)
    members = int(workload.removeprefix("fanout-"))
    value = own["deliveries_per_cpu_second"]
    yield Verdict(
        f"fan-out to {members:,}, deliveries per server-CPU-second",
        f"> {rates[best]:,.0f} ({best})",
        f"{value:,.0f}",
        value > rates[best],
    )
