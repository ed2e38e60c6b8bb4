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
    aim: float | None = None
    """Better than the bound, and no failure if missed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    what: str
    bound: str
    found: str
    met: bool


_AT_MOST = operator.le
_P95 = "half_load_p95_ms"
_MS = (" ms", 0, _AT_MOST)
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
    Target(
        "meetings of 250, 3 speaking, mixed, on a core", "meetings", "meetings_carried", 4, aim=10
    ),
    Target(
        "receivers of one video of 1.2 Mbit/s on a core",
        "video",
        "receivers_carried",
        500,
        aim=800,
    ),
    Target("meetings of 25 x 25 videos on a core", "video-grid", "meetings_carried", 4, aim=8),
    Target("mouth to ear, p95 at half the load", "meetings", _P95, 60, " ms", 1, _AT_MOST, aim=45),
    Target(
        "a video packet's way, p95 at half the load", "video", _P95, 5, " ms", 2, _AT_MOST, aim=2
    ),
    Target("real client, start() to started", "clients", "start_ms", 300, *_MS, aim=200),
    Target("both joined to first audio", "clients", "first_audio_ms", 170, *_MS, aim=100),
    Target("camera on to first frame elsewhere", "clients", "camera_ms", 600, *_MS, aim=400),
    Target("cut socket to started again", "clients", "reconnect_ms", 1_300, *_MS, aim=800),
    Target("capability change to effect, p99", "clients", "capability_p99_ms", 150, *_MS, aim=60),
)
AHEAD = (
    ("fan-out to 1,000, deliveries", "fanout-1000", "deliveries_per_cpu_second"),
    ("fan-out to 10,000, deliveries", "fanout-10000", "deliveries_per_cpu_second"),
    ("meetings of 250, 3 speaking,", "meetings", "meetings_per_core"),
    ("receivers of one video", "video", "receivers_per_core"),
    ("meetings of 25 x 25 videos", "video-grid", "meetings_per_core"),
)
"""What no rival may do more of per server-CPU-second: wording, workload, figure."""


def verdicts(results: Results) -> Iterator[Verdict]:
    for target in FIXED:
        found = results.of(target.workload, HUBBUB)
        if found is not None and target.figure in found:
            value = found[target.figure]
            sign = "≥" if target.meets is operator.ge else "≤"
            aim = "" if target.aim is None else f" (aim {target.aim:,g})"
            yield Verdict(
                target.what,
                f"{sign} {target.bound:,g}{target.unit}{aim}",
                f"{value:,.{target.decimals}f}{target.unit}{_beside(results, target)}",
                target.meets(value, target.bound),
            )
    for what, workload, figure in AHEAD:
        yield from _ahead(results, what, workload, figure)


def _beside(results: Results, target: Target) -> str:
    """For a rate, the same per CPU second, which does not suffer from other processes; for a
    latency, what the bare loop of send() reaches: no server on this machine is much quicker.
    """
    own = results.of(target.workload, HUBBUB)
    per_cpu = target.figure.replace("_per_second", "_per_cpu_second")
    if own is not None and per_cpu != target.figure:
        return f" ({own[per_cpu]:,.0f} a server-CPU-second)"
    per_core = target.figure.replace("_carried", "_per_core")
    if own is not None and per_core != target.figure:
        clients = "; its clients' core was full" if own["limited_by_clients"] else ""
        return f" ({own[per_core]:,.1f} a server-CPU-second{clients})"
    reference = results.of(target.workload, REFERENCE)
    if reference is not None and target.figure == _LATENCY:
        return f" (bare send(): {reference[target.figure]:,.{target.decimals}f}{target.unit})"
    return ""


def _ahead(results: Results, what: str, workload: str, figure: str) -> Iterator[Verdict]:
    own = results.of(workload, HUBBUB)
    rates = {
        measured.server: measured.median[figure]
        for measured in results.workloads.get(workload, ())
        if measured.rival
    }
    if own is None or not rates:
        return
    best = max(rates, key=rates.__getitem__)
    value = own[figure]
    yield Verdict(
        f"{what} per server-CPU-second",
        f"> {_few_digits(rates[best])} ({best})",
        f"{_few_digits(value)} ({value / rates[best]:,.1f} times as many)",
        value > rates[best],
    )


def _few_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"
