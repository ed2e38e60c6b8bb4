"""Meetings of 250 attendees: 3 speak, all hear the mix over SRTP.

The attendees that do not speak send packets of silence as browsers do, and in another look nothing.
At half of what was carried the first speaker's bursts of sound are timed on their way to others.
LiveKit does not mix: there every attendee gets a stream of each speaker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.attendees import Seen, attend
from bench.servers.contract import MeetingServer
from bench.watch import Watch
from bench.workloads.contract import Contestant, Pace, Sample, Workload
from bench.workloads.search import Step, search

ATTENDEES, QUICK_ATTENDEES = 250, 20
SPEAKING = 3
LADDER, START, QUICK_LADDER = (
    (0.05, 0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20),
    4,
    (1,),
)
"""Meetings; below one it is a smaller one."""
WARM_UP = 2.0
MOST_LOSS = 0.005
SAMPLED = 24
"""Attendees whose packets are decrypted and decoded."""


def meetings(servers: Sequence[MeetingServer]) -> Workload:
    return Workload(
        "meetings",
        [Contestant(server, partial(_measure, server)) for server in servers],
        repetitions=1,
    )


@dataclass
class _Hall:
    """Starts the server anew for every look."""

    server: MeetingServer
    directory: Path
    pace: Pace
    looks: int = 0
    rss_bytes: int = 0

    @property
    def full(self) -> bool:
        return self.pace.repetitions > 1

    def look(self, size: float, *more: str) -> Step:
        directory = self.directory / str(self.looks)
        self.looks += 1
        directory.mkdir()
        attendees = round((ATTENDEES if self.full else QUICK_ATTENDEES) * min(size, 1))
        count = max(int(size), 1)
        running = self.server.start(directory)
        try:
            seen = attend(
                running.process,
                self.server.meetings(running, count, attendees),
                ("--speaking", str(SPEAKING), "--sample", str(SAMPLED), *more),
                warm_up=WARM_UP,
                seconds=self.pace.seconds + 2,
            )
            self.rss_bytes = running.process.rss_bytes()
        finally:
            running.process.stop()
        return _judge(size, count * attendees, seen)


def _judge(size: float, attendees: int, seen: Seen) -> Step:
    report = seen.report
    audio = report.audio
    # Those who did not get in should have heard as much as the others.
    expected = audio.expected * attendees / max(report.connected, 1)
    delivered = min(audio.received / max(expected, 1), 1)
    carried = (
        report.connected == attendees
        and delivered > 1 - MOST_LOSS
        and audio.loss < MOST_LOSS
        and report.sampled.concealment < MOST_LOSS
        and not report.sampled.damaged
    )
    return Step(size, seen, delivered, carried)


def _measure(server: MeetingServer, directory: Path, pace: Pace) -> Sample:
    hall = _Hall(server, directory, pace)
    found = search(hall.look, LADDER, start=START) if hall.full else search(hall.look, QUICK_LADDER)
    best, rss_bytes = found.best, hall.rss_bytes
    quiet = hall.look(best.size, "--quiet")
    half = hall.look(found.half, "--probe")
    watch: Watch = best.seen.watch
    sample = {
        "meetings_carried": found.carried,
        "meetings_per_core": best.per_core,
        "quiet_meetings_per_core": quiet.per_core,
        "packets_per_cpu_second": (best.seen.report.audio.packets_per_second / best.seen.cpu_share),
        "loss": best.seen.report.audio.loss,
        "concealment": best.seen.report.sampled.concealment,
        "half_load_meetings": half.size,
        "limited_by_clients": found.limited_by_clients,
        "server_cpu_share": best.seen.cpu_share,
        "client_cpu_share": best.seen.report.generator.cpu_share,
        "half_load_server_cpu_share": half.seen.cpu_share,
        "taken_by_others_share": watch.taken_share,
        "rss_mib": rss_bytes / 2**20,
    }
    latency = half.seen.report.audio_latency_ms
    if latency.p50 is not None and latency.p95 is not None:
        sample |= {"half_load_p50_ms": latency.p50, "half_load_p95_ms": latency.p95}
    return sample
