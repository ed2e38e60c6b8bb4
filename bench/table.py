"""The results as Markdown, and its place in the README."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean

from bench.results import Results
from bench.targets import verdicts

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"

ABSENT = "Centrifugo is not among them: its Go modules could not be had."

Column = tuple[str, str, str]
"""Heading, figure, form."""

_FANOUT: Sequence[Column] = (
    ("deliveries/s", "deliveries_per_second", "{:,.0f}"),
    ("per server-CPU-second", "deliveries_per_cpu_second", "{:,.0f}"),
    ("p50 ms", "p50_ms", "{:,.1f}"),
    ("p99 ms", "p99_ms", "{:,.1f}"),
    ("p99 ms at half its load", "half_load_p99_ms", "{:,.1f}"),
    ("RSS MiB", "rss_mib", "{:,.0f}"),
)
_HTTP: Sequence[Column] = (
    ("requests/s", "requests_per_second", "{:,.0f}"),
    ("per server-CPU-second", "requests_per_cpu_second", "{:,.0f}"),
    ("p50 ms", "p50_ms", "{:,.1f}"),
    ("p99 ms", "p99_ms", "{:,.1f}"),
)
_FORWARDED: Sequence[Column] = (
    ("packets per server-CPU-second", "packets_per_cpu_second", "{:,.0f}"),
    ("packet's way p50 ms at half its load", "half_load_p50_ms", "{:,.2f}"),
    ("p95 ms", "half_load_p95_ms", "{:,.2f}"),
)
TABLES: Mapping[str, tuple[str, Sequence[Column]]] = {
    "fanout-1000": ("Fan-out of 220-byte messages to 1,000 members, 8 under way", _FANOUT),
    "fanout-10000": ("The same to 10,000 members", _FANOUT),
    "connections": (
        "Connections: getting in (Hubbub: with its token checked and spent), and staying idle",
        (
            ("connects/s", "connects_per_second", "{:,.0f}"),
            ("per server-CPU-second", "connects_per_cpu_second", "{:,.0f}"),
            ("KiB RSS each, of 2,000", "kib_per_connection_2000", "{:,.1f}"),
            ("KiB RSS each, of 10,000", "kib_per_connection_10000", "{:,.1f}"),
        ),
    ),
    "get-room": (
        "GetRoom, signed, 64 keep-alive connections (moto: GetChannel of IVS, signature unchecked)",
        _HTTP,
    ),
    "create-room": (
        "CreateRoom, answered when it is on disk (moto: CreateChannel of IVS, in memory)",
        _HTTP,
    ),
    "start": (
        "Start",
        (
            ("first start s", "first_start_seconds", "{:,.2f}"),
            ("start s", "start_seconds", "{:,.2f}"),
            ("idle RSS MiB", "rss_mib", "{:,.0f}"),
        ),
    ),
    "meetings": (
        "Meetings of 250 attendees, 3 speaking, all hearing the mix over SRTP; the others send"
        " silence. LiveKit does not mix: it forwards each speaker to everybody, and its silent"
        " attendees send nothing",
        (
            ("meetings carried by a core", "meetings_carried", "{:,g}"),
            ("meetings per server-CPU-second", "meetings_per_core", "{:,.2f}"),
            ("the same, nobody sending silence", "quiet_meetings_per_core", "{:,.2f}"),
            ("packets to attendees per server-CPU-second", "packets_per_cpu_second", "{:,.0f}"),
            ("mouth to ear p50 ms at half its load", "half_load_p50_ms", "{:,.1f}"),
            ("p95 ms", "half_load_p95_ms", "{:,.1f}"),
            ("RSS MiB", "rss_mib", "{:,.0f}"),
        ),
    ),
    "video": (
        "Video: one sender at 1.2 Mbit/s, nothing lost",
        (
            ("receivers carried by a core", "receivers_carried", "{:,g}"),
            ("receivers per server-CPU-second", "receivers_per_core", "{:,.0f}"),
            ("Mbit per server-CPU-second", "megabits_per_cpu_second", "{:,.0f}"),
            *_FORWARDED,
        ),
    ),
    "video-grid": (
        "Video: meetings of 25, each sending two encodings and watching the 24 others in 320x180"
        " at 200 kbit/s",
        (
            ("meetings carried by a core", "meetings_carried", "{:,g}"),
            ("meetings per server-CPU-second", "meetings_per_core", "{:,.2f}"),
            ("kbit/s of a stream", "kbps_per_stream", "{:,.0f}"),
            *_FORWARDED,
        ),
    ),
    "clients": (
        "The real client in Chromium, on both cores; medians in ms",
        (
            ("start() to started", "start_ms", "{:,.0f}"),
            ("both joined to first audio", "first_audio_ms", "{:,.0f}"),
            ("camera on to first frame", "camera_ms", "{:,.0f}"),
            ("late joiner's first frame", "late_joiner_ms", "{:,.0f}"),
            ("content share to first frame", "share_ms", "{:,.0f}"),
            ("cut socket to started", "reconnect_ms", "{:,.0f}"),
            ("audio taken away to silence", "silence_p50_ms", "{:,.0f}"),
            ("given back to sound", "sound_p50_ms", "{:,.0f}"),
            ("video taken away to no tile", "tile_removed_p50_ms", "{:,.0f}"),
            ("given back to first frame", "frame_p50_ms", "{:,.0f}"),
        ),
    ),
}


def markdown(results: Results) -> str:
    """All tables; the targets first."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    dates = " and ".join(sorted({at[:10] for at in results.at.values()}))
    versions = "; ".join(
        f"{server} {version}" for server, version in results.versions.items() if version
    )
    yield (
        f"Measured {dates} with `make bench` on {results.machine}. Servers have one core"
        " and their clients the other; each figure is the median of runs in which all servers"
        f" took turns. Other processes took {_taken(results):.0%} of the two cores meanwhile."
        f" {versions}. {ABSENT}"
    )
    yield ""
    rows = [
        (verdict.what, verdict.bound, verdict.found, "met" if verdict.met else "**missed**")
        for verdict in verdicts(results)
    ]
    if rows:
        yield from _table(("Hubbub", "target", "found", ""), rows)
    for name, (title, columns) in TABLES.items():
        if results.workloads.get(name):
            yield ""
            yield f"**{title}**"
            yield ""
            yield from _table(
                ("", *(heading for heading, _, _ in columns)),
                [
                    (
                        measured.server if measured.rival or measured.server == "Hubbub"
                        else f"*{measured.server}*",
                        *(_cell(measured.median, figure, form) for _, figure, form in columns),
                    )
                    for measured in results.workloads[name]
                ],
            )  # fmt: skip


def _cell(median: Mapping[str, float], figure: str, form: str) -> str:
    return form.format(median[figure]) if figure in median else "-"


def _taken(results: Results) -> float:
    shares = [
        sample["taken_by_others_share"]
        for workload in results.workloads.values()
        for measured in workload
        for sample in measured.samples
        if "taken_by_others_share" in sample
    ]
    return mean(shares) if shares else 0.0


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|---|{'---:|' * (len(headings) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def put_into(readme: Path, text: str) -> bool:
    """Replace what stands between the marks; False when there are none."""
    whole = readme.read_text()
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return False
    readme.write_text(f"{before}{BEGIN}\n{text}{END}{after}")
    return True
