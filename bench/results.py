"""What a run found, as kept in bench/results/latest.json."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec

from bench.workloads.contract import Sample


class Measured(msgspec.Struct):
    """One server in one workload; ``median`` over the samples, figure by figure."""

    server: str
    rival: bool
    median: dict[str, float]
    samples: list[dict[str, float]]


class Results(msgspec.Struct):
    machine: str
    versions: dict[str, str]  # by server
    at: dict[str, str]  # by workload, UTC
    workloads: dict[str, list[Measured]]

    def of(self, workload: str, server: str) -> Mapping[str, float] | None:
        """Medians, or None when it was not measured."""
        for measured in self.workloads.get(workload, ()):
            if measured.server == server:
                return measured.median
        return None


def summed_up(server: str, samples: Sequence[Sample], *, rival: bool) -> Measured:
    # A yes or no is a figure, too, but its JSON would not be read as one.
    numbers = [{figure: float(found) for figure, found in sample.items()} for sample in samples]
    everywhere = (figure for figure in numbers[0] if all(figure in sample for sample in numbers))
    figures = {figure: median(sample[figure] for sample in numbers) for figure in everywhere}
    return Measured(server, rival, figures, numbers)


def machine() -> str:
    """Processor, cores, memory and kernel in one line."""
    facts = dict(
        line.split(":", 1)
        for name in ("/proc/cpuinfo", "/proc/meminfo")
        for line in Path(name).read_text().splitlines()
        if ":" in line
    )
    processor = next(value for name, value in facts.items() if name.startswith("model name"))
    cores = Path("/proc/cpuinfo").read_text().count("\nprocessor") + 1
    memory = int(facts["MemTotal"].split()[0]) / 2**20
    return (
        f"{processor.strip()}, {cores} cores, {memory:.0f} GiB,"
        f" Linux {platform.release()}, CPython {platform.python_version()}"
    )


def write(results: Results, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def read(path: Path) -> Results | None:
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else None
