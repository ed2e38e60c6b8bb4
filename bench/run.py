"""Runs the workloads; each server in turn, several times over, so that noise hits all alike."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime

from bench import results, table
from bench.places import CACHE, RESULTS, ROOT
from bench.process import raise_descriptor_limit
from bench.results import Measured, Results
from bench.servers.broadcast import Broadcast
from bench.servers.hubbub import Hubbub
from bench.servers.moto import Moto
from bench.servers.nats import Nats
from bench.servers.nchan import Nchan
from bench.servers.send_loop import SendLoop
from bench.targets import REFERENCE
from bench.workloads import http
from bench.workloads.connections import connections
from bench.workloads.contract import FULL, QUICK, Pace, Sample, Workload
from bench.workloads.fanout import fanout
from bench.workloads.start import start


def workloads() -> list[Workload]:
    hubbub, moto = Hubbub(), Moto()
    rivals = (Nats(), Nchan(), Broadcast())
    loops = (
        SendLoop("joined", REFERENCE),
        SendLoop("each", "send() in C, one a message"),
    )
    return [
        fanout(1_000, (hubbub, *rivals, *loops)),
        fanout(10_000, (hubbub, *rivals, *loops)),
        connections((hubbub, *rivals)),
        http.reading(hubbub, moto),
        http.writing(hubbub, moto),
        start((hubbub, moto, *rivals)),
    ]


def run(workload: Workload, pace: Pace, servers: Sequence[str]) -> list[Measured]:
    contestants = [
        contestant
        for contestant in workload.contestants
        if not servers or contestant.server.name in servers
    ]
    samples: dict[str, list[Sample]] = {}
    for repetition in range(pace.repetitions):
        for contestant in contestants:
            name = contestant.server.name
            directory = CACHE / "run"
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            sample = contestant.measure(directory, pace)
            samples.setdefault(name, []).append(sample)
            figures = "  ".join(f"{figure} {value:,.5g}" for figure, value in sample.items())
            print(f"{workload.name} {repetition + 1}/{pace.repetitions} {name}: {figures}")
    return [
        results.summed_up(
            contestant.server.name,
            samples[contestant.server.name],
            rival=contestant.server.rival,
        )
        for contestant in contestants
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = workloads()
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[workload.name for workload in chosen],
        help="this workload; the others keep their latest results",
    )
    parser.add_argument("--server", action="append", default=[], help="this server; keeps nothing")
    parser.add_argument("--quick", action="store_true", help="short looks, once; keeps nothing")
    options = parser.parse_args(arguments)

    subprocess.run([ROOT / "scripts" / "bench-setup"], check=True)
    raise_descriptor_limit()
    pace = QUICK if options.quick else FULL
    latest = RESULTS / "latest.json"
    before = results.read(latest) if options.only else None
    found = dict(before.workloads) if before else {}
    versions = dict(before.versions) if before else {}
    for workload in chosen:
        if not options.only or workload.name in options.only:
            found[workload.name] = run(workload, pace, options.server)
            for contestant in workload.contestants:
                versions[contestant.server.name] = contestant.server.version()
    whole = Results(
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        quick=options.quick,
        machine=results.machine(),
        versions=versions,
        workloads={
            workload.name: found[workload.name] for workload in chosen if workload.name in found
        },
    )
    text = table.markdown(whole)
    print(f"\n{text}")
    if options.quick or options.server:
        return
    results.write(whole, latest)
    if not table.put_into(ROOT / "README.md", text):
        print(f"README.md has no {table.BEGIN} … {table.END}; its table was not written")


if __name__ == "__main__":
    main()
