"""Several `hubbub serve` processes over one PostgreSQL and one Redis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.server import Server, running_server


@contextmanager
def nodes(
    directory: Path,
    database_url: str,
    bus_url: str,
    *,
    count: int = 2,
    workers: int = 1,
    environment: Mapping[str, str] | None = None,
) -> Iterator[list[Server]]:
    """Each has a data directory of its own; they share HUBBUB_ROOT_… and the two URLs only."""
    arguments = ["--database-url", database_url, "--bus-url", bus_url]
    if workers > 1:
        arguments += ["--workers", str(workers)]
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                running_server(directory / f"node-{n}", *arguments, environment=environment)
            )
            for n in range(count)
        ]
