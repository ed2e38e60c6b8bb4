"""The `Sinks` of the contract: a spool, and a shipper for each destination that has records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hubbub.settings import SinkSettings
from hubbub.sinks.contract import Destination, DestinationKind, Layout, Record, Sinks
from hubbub.sinks.delivery import Delivery
from hubbub.sinks.failures import count_dropped, report
from hubbub.sinks.pace import Clock, LoopClock, Pace
from hubbub.sinks.places import deliveries
from hubbub.sinks.shipper import Shipper
from hubbub.sinks.spool import Backlog, Spool, SpoolFull

_ADOPT_SECONDS = 60.0
_CLOSE_SECONDS = 3.0
_RESTART_SECONDS = 10.0
_LINE_BYTES = 1_000_000  # the longest that all kinds of destinations take
_BATCH_BYTES: dict[DestinationKind, int] = {
    "s3": 32 << 20,
    "cloudWatchLogs": 4 << 20,
    "firehose": 4 << 20,
    "sns": 1 << 20,
    "sqs": 1 << 20,
    "events": 1 << 20,
}
_AT_ONCE = ("sns", "sqs", "events")
"""Kinds whose records tell somebody who waits for them."""
_logger = logging.getLogger("hubbub.sinks")


def open_sinks(
    settings: SinkSettings,
    data_dir: Path,
    layouts: Mapping[str, Layout],
    *,
    workers: int = 1,
    clock: Clock | None = None,
) -> Sinks:
    """Opens the spool and begins to ship what earlier processes have left in it.

    `layouts` names objects and streams for `Record.layout`. Of ``settings.spool_bytes`` each of
    `workers` processes has its share. Raises SettingsError, and OSError when the data directory
    cannot be written. To be called on the event loop.
    """
    clock = clock or LoopClock()
    routes = {
        kind: Route(
            delivery,
            Pace(clock, _interval(settings, kind), _BATCH_BYTES[kind]),
        )
        for kind, delivery in deliveries(settings, data_dir, layouts).items()
    }
    spool = Spool(data_dir / "spool", settings.spool_bytes // workers)
    sinks = SpooledSinks(spool, routes, clock)
    sinks.adopt()
    return sinks


def _interval(settings: SinkSettings, kind: DestinationKind) -> float:
    if kind in _AT_ONCE:
        return 0.0
    return settings.s3_interval_seconds if kind == "s3" else settings.interval_seconds


@dataclass(frozen=True, slots=True)
class Route:
    """How records of one kind get where they belong."""

    delivery: Delivery
    pace: Pace


class SpooledSinks:
    def __init__(self, spool: Spool, routes: Mapping[DestinationKind, Route], clock: Clock) -> None:
        self._spool = spool
        self._routes = routes
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._shippers: dict[Destination, Shipper] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._dropped: dict[Destination, int] = {}
        self._closed = False

    def write(self, destination: Destination, record: Record) -> None:
        shipper = self._shippers.get(destination)
        backlog = shipper.backlog if shipper else Backlog(destination, self._spool)
        if self._closed or len(record.line) > _LINE_BYTES:
            self._drop(destination, "closed" if self._closed else "a record is too long")
            return
        try:
            backlog.append(record)
        except SpoolFull:
            self._drop(destination, "the spool is full, records are dropped")
        except OSError as error:
            self._drop(destination, f"the spool cannot be written: {error.strerror}")
        else:
            if shipper is None:
                self._start(backlog)
            else:
                shipper.written()

    def _drop(self, destination: Destination, reason: str) -> None:
        times = self._dropped[destination] = self._dropped.get(destination, 0) + 1
        count_dropped(destination, 1)
        report(destination, times, reason)

    def _start(self, backlog: Backlog) -> None:
        route = self._routes[backlog.destination.kind]
        shipper = Shipper(backlog, route.delivery, route.pace)
        self._shippers[backlog.destination] = shipper
        self._run(shipper)

    def _run(self, shipper: Shipper) -> None:
        task = self._loop.create_task(shipper.run())
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._ended(ended, shipper))

    def _ended(self, task: asyncio.Task[None], shipper: Shipper) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _logger.error("shipping stopped and will start again", exc_info=error)
        if self._closed:
            return
        if shipper.backlog.empty:
            del self._shippers[shipper.backlog.destination]
        elif error is None:  # written to in the moment of ending
            self._run(shipper)
        else:
            self._clock.call_later(_RESTART_SECONDS, lambda: self._restart(shipper))

    def _restart(self, shipper: Shipper) -> None:
        if not self._closed:
            self._run(shipper)

    def adopt(self) -> None:
        """Take over what processes that are gone have left; again every minute."""
        if self._closed:
            return
        try:
            found = self._spool.adopt()
        except OSError as error:
            _logger.error("the spool cannot be read: %s", error)
            found = {}
        for destination, segments in found.items():
            shipper = self._shippers.get(destination)
            backlog = shipper.backlog if shipper else Backlog(destination, self._spool)
            backlog.restore(segments)
            if shipper is None:
                self._start(backlog)
        self._adoption = self._clock.call_later(_ADOPT_SECONDS, self.adopt)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._adoption.cancel()
        for shipper in self._shippers.values():
            shipper.finish()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for shipper in self._shippers.values():
            shipper.backlog.close()
        self._spool.release()
        for route in self._routes.values():
            route.delivery.close()
