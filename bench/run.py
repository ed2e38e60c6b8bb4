"""Runs the workloads; each server in turn, several times over, so that noise hits all alike."""

from __future__ import annotations

import argparse
import fcntl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import results, table
from bench.load import LoadFailed
from bench.places import CACHE, RESULTS, ROOT
from bench.process import NotReady, raise_descriptor_limit
from bench.results import Measured, Results
from bench.servers.broadcast import Broadcast
from bench.servers.hubbub import Hubbub
from bench.servers.janus import Janus
from bench.servers.livekit import LiveKit
from bench.servers.moto import Moto
from bench.servers.nats import Nats
from bench.servers.nchan import Nchan
from bench.servers.send_loop import SendLoop
from bench.targets import REFERENCE
from bench.workloads import http, video
from bench.workloads.clients import clients
from bench.workloads.connections import connections
from bench.workloads.contract import FULL, QUICK, Pace, Sample, Workload
from bench.workloads.fanout import fanout
from bench.workloads.identity import identity
from bench.workloads.meetings import meetings
from bench.workloads.start import start


def workloads() -> list[Workload]:
    hubbub, moto = Hubbub(), Moto()
    rivals = (Nats(), Nchan(), Broadcast())
    loops = (
        SendLoop("joined", REFERENCE),
        SendLoop("each", "send() in C, one a message"),
    )
    of_meetings = (hubbub, Janus(), LiveKit())
    return [
        fanout(1_000, (hubbub, *rivals, *loops)),
        fanout(10_000, (hubbub, *rivals, *loops)),
        connections((hubbub, *rivals)),
        http.reading(hubbub, moto),
        http.writing(hubbub, moto),
        identity(hubbub),
        start((hubbub, moto, *rivals)),
        meetings(of_meetings),
        video.audience(of_meetings),
        video.grids(of_meetings),
        clients(hubbub),
    ]


def run(workload: Workload, pace: Pace, servers: Sequence[str]) -> tuple[list[Measured], int]:
    """What was found, and how many measurements failed."""
    contestants = [
        contestant
        for contestant in workload.contestants
        if not servers or contestant.server.name in servers
    ]
    samples: dict[str, list[Sample]] = {}
    failures = 0
    repetitions = min(pace.repetitions, workload.repetitions)
    for repetition in range(repetitions):
        for contestant in contestants:
            name = contestant.server.name
            what = f"{workload.name} {repetition + 1}/{repetitions} {name}"
            with TemporaryDirectory(prefix="run-", dir=CACHE) as directory:
                try:
                    sample = contestant.measure(Path(directory), pace)
                except (LoadFailed, NotReady) as failure:
                    failures += 1
                    print(f"{what} FAILED: {failure}", flush=True)
                    continue
            samples.setdefault(name, []).append(sample)
            figures = "  ".join(f"{figure} {value:,.5g}" for figure, value in sample.items())
            print(f"{what}: {figures}", flush=True)
    measured = [
        results.summed_up(
            contestant.server.name,
            samples[contestant.server.name],
            rival=contestant.server.rival,
        )
        for contestant in contestants
        if contestant.server.name in samples
    ]
    return measured, failures


@contextmanager
def cores_to_ourselves() -> Iterator[None]:
    """One run at a time: two would measure each other."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another run to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 when a measurement failed."""
    known = workloads()
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[workload.name for workload in known],
        help="this workload; the others keep their latest results",
    )
    parser.add_argument("--server", action="append", default=[], help="this server; keeps nothing")
    parser.add_argument("--quick", action="store_true", help="short looks, once; keeps nothing")
    options = parser.parse_args(arguments)

    subprocess.run([ROOT / "scripts" / "bench-setup"], check=True)
    raise_descriptor_limit()
    latest = RESULTS / "latest.json"
    keep = not (options.quick or options.server)
    whole = Results(machine=results.machine(), versions={}, at={}, workloads={})
    if options.only and keep:
        whole = results.read(latest) or whole
    failures = 0
    with cores_to_ourselves():
        for workload in known:
            if options.only and workload.name not in options.only:
                continue
            measured, failed = run(workload, QUICK if options.quick else FULL, options.server)
            failures += failed
            whole.workloads[workload.name] = measured
            whole.at[workload.name] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            for contestant in workload.contestants:
                whole.versions[contestant.server.name] = contestant.server.version()
    text = table.markdown(whole)
    print(f"\n{text}")
    if keep:
        results.write(whole, latest)
        if not table.put_into(ROOT / "README.md", text):
            print(f"README.md has no {table.BEGIN} … {table.END}; its table was not written")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
