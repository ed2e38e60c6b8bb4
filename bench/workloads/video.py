"""Video: one sender before an audience, and grids in which everybody shows and watches.

The sender has 1.2 Mbit/s; nothing may be lost. In a grid each of 25 sends two encodings and gets
the higher one, 200 kbit/s in 320x180, of the other 24: tiles of a window of 1600x900.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.attendees import Seen, attend
from bench.servers.contract import MeetingServer, Running
from bench.workloads.contract import Contestant, Pace, Sample, Workload
from bench.workloads.search import Found, Step, search

AUDIENCES, QUICK_AUDIENCES = (50, *range(100, 1_001, 100), 1_200, 1_400), (10,)
GRID, QUICK_GRID = 25, 4
GRIDS, QUICK_GRIDS = (1, 2, 3, 4, 5, 6, 8, 10, 12), (1,)
ONE = ("--no-audio", "--cameras", "1", "--tiles", "1", "--layers", "1200@1280x720/30")
LAYERS = "100@160x90/15,200@320x180/15"
ENOUGH = 0.98
"""The part of what was sent that has to arrive: a stream that is held back loses nothing either."""
WATCHED_BITS = 200_000
ENOUGH_BITS = 0.8
"""The same in a grid, where it is not known which of the packets sent should arrive."""
MOST_LOSS = 0.005
SAMPLED = 8

Look = Callable[[Running, int], Step]


def audience(servers: Sequence[MeetingServer]) -> Workload:
    return _workload("video", servers, _measure_audience)


def grids(servers: Sequence[MeetingServer]) -> Workload:
    return _workload("video-grid", servers, _measure_grids)


def _workload(
    name: str,
    servers: Sequence[MeetingServer],
    measure: Callable[[MeetingServer, Path, Pace], Sample],
) -> Workload:
    contestants = [Contestant(server, partial(measure, server)) for server in servers]
    return Workload(name, contestants, repetitions=1)


def _measure_audience(server: MeetingServer, directory: Path, pace: Pace) -> Sample:
    def look(running: Running, receivers: int) -> Step:
        way_in = server.audience(running, receivers)
        seen = _attend(running, way_in, (*ONE, "--sample", str(SAMPLED)), pace)
        return _judge_audience(receivers, seen)

    ladder = AUDIENCES if pace.repetitions > 1 else QUICK_AUDIENCES
    found, half = _search(server, directory, look, ladder)
    return {
        "receivers_carried": found.carried,
        "receivers_per_core": found.best.per_core,
        **_common(found, half),
    }


def _judge_audience(receivers: int, seen: Seen) -> Step:
    report = seen.report
    video = report.video
    wanted = report.sent.packets_per_second * receivers
    delivered = min(video.packets_per_second / max(wanted, 1), 1)
    carried = (
        not report.failures
        and video.streams >= receivers
        and video.lost == 0
        and delivered > ENOUGH
        and not report.sampled.damaged
    )
    return Step(receivers, seen, delivered, carried)


def _measure_grids(server: MeetingServer, directory: Path, pace: Pace) -> Sample:
    people = GRID if pace.repetitions > 1 else QUICK_GRID

    def look(running: Running, meetings: int) -> Step:
        what = (
            *("--no-audio", "--cameras", str(people), "--tiles", str(people - 1)),
            *("--layers", LAYERS, "--sample", str(SAMPLED)),
        )
        seen = _attend(running, server.meetings(running, meetings, people), what, pace)
        return _judge_grids(meetings, meetings * people * (people - 1), seen)

    ladder = GRIDS if pace.repetitions > 1 else QUICK_GRIDS
    found, half = _search(server, directory, look, ladder)
    video = found.best.seen.report.video
    return {
        "meetings_carried": found.carried,
        "meetings_per_core": found.best.per_core,
        "kbps_per_stream": video.bits_per_second / 1e3 / max(video.streams, 1),
        **_common(found, half),
    }


def _judge_grids(meetings: int, streams: int, seen: Seen) -> Step:
    report = seen.report
    video = report.video
    delivered = min(video.bits_per_second / (streams * WATCHED_BITS), 1)
    carried = (
        not report.failures
        and video.streams >= streams
        and video.loss < MOST_LOSS
        and delivered > ENOUGH_BITS
        and not report.sampled.damaged
    )
    return Step(meetings, seen, delivered, carried)


def _attend(running: Running, way_in: Sequence[str], what: Sequence[str], pace: Pace) -> Seen:
    # Estimates of bandwidth begin low and have to grow.
    return attend(running.process, way_in, what, warm_up=4 * pace.warm_up, seconds=pace.seconds + 1)


def _search(
    server: MeetingServer, directory: Path, look: Look, ladder: Sequence[float]
) -> tuple[Found, Step]:
    """What was carried, and a look at half of that; the server starts anew for every look."""
    looks = 0

    def start_and_look(size: float) -> Step:
        nonlocal looks
        place = directory / str(looks)
        looks += 1
        place.mkdir()
        running = server.start(place)
        try:
            return look(running, round(size))
        finally:
            running.process.stop()

    found = search(start_and_look, ladder)
    return found, start_and_look(max(found.half, 1))


def _common(found: Found, half: Step) -> Sample:
    seen = found.best.seen
    figures = {
        "megabits_per_cpu_second": seen.report.video.bits_per_second / 1e6 / seen.cpu_share,
        "packets_per_cpu_second": seen.report.video.packets_per_second / seen.cpu_share,
        "loss": seen.report.video.loss,
        "limited_by_clients": found.limited_by_clients,
        "server_cpu_share": seen.cpu_share,
        "client_cpu_share": seen.report.generator.cpu_share,
        "half_load_size": half.size,
        "half_load_server_cpu_share": half.seen.cpu_share,
        "taken_by_others_share": seen.watch.taken_share,
    }
    latency = half.seen.report.video_latency_ms
    if latency.p50 is not None and latency.p95 is not None:
        figures |= {"half_load_p50_ms": latency.p50, "half_load_p95_ms": latency.p95}
    return figures
