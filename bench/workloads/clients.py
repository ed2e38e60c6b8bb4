"""The real client, two or three of it in Chromium: what people wait for.

Neither server nor browser is kept on one core: pages that encode and draw video need both.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

import msgspec

from bench.load import LoadFailed
from bench.media.clients import percentile
from bench.places import ROOT
from bench.servers.hubbub import Hubbub
from bench.workloads.contract import Contestant, Pace, Sample, Workload

ROUNDS, QUICK_ROUNDS = 6, 1
OVERTIME = 900.0
MEDIANS = {
    "start() to started": "start_ms",
    "first remote audio after both joined": "first_audio_ms",
    "camera on to first frame at the other": "camera_ms",
    "late joiner: started to first frame": "late_joiner_ms",
    "share on to first frame at the other": "share_ms",
    "cut socket to started again": "reconnect_ms",
    "mute to indicator at the other": "mute_ms",
    "closed tab to absence at the other": "absence_ms",
}
CAPABILITIES = {
    "capability lost to silence": "silence",
    "capability back to sound": "sound",
    "capability lost to tile removed": "tile_removed",
    "capability back to first frame": "frame",
}
ACTING = (
    "capability lost to silence",
    "capability back to sound",
    "capability lost to tile removed",
)
"""What the server does by itself. A first frame after that waits for the clients, too."""


def clients(hubbub: Hubbub) -> Workload:
    return Workload("clients", [Contestant(hubbub, _measure)], repetitions=1)


def _measure(directory: Path, pace: Pace) -> Sample:
    rounds = ROUNDS if pace.repetitions > 1 else QUICK_ROUNDS
    command = (sys.executable, "-m", "bench.media.clients", "--json", "--rounds", str(rounds))
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=OVERTIME, check=False)
    except subprocess.TimeoutExpired as error:
        raise LoadFailed(str(error)) from error
    if done.returncode:
        raise LoadFailed(done.stderr.decode(errors="replace")[-2000:])
    samples = msgspec.json.decode(done.stdout, type=dict[str, list[float]])
    figures = {figure: median(samples[name]) for name, figure in MEDIANS.items()}
    for name, figure in CAPABILITIES.items():
        figures[f"{figure}_p50_ms"] = median(samples[name])
        figures[f"{figure}_p99_ms"] = percentile(samples[name], 0.99)
    acts = [value for name in ACTING for value in samples[name]]
    return {**figures, "capability_p99_ms": percentile(acts, 0.99), "changes": len(acts)}
