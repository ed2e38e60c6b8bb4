"""The bus of a single process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hubbub.bus.contract import (
    Admitted,
    BusUnavailable,
    Delivery,
    Limit,
    Outcome,
    Publication,
    Refused,
    Unavailable,
)
from hubbub.bus.journal import SpentTokens
from hubbub.bus.moment import MomentText
from hubbub.bus.window import SlidingWindows

logger = logging.getLogger("hubbub.bus")


class MemoryBus:
    """`hubbub.bus.contract.Bus` without a server; spent tokens are kept below `data_dir`.

    `time_ns` is the wall clock (admission times, expiry), `monotonic_ns` measures the limits.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        time_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._time_ns = time_ns
        self._monotonic_ns = monotonic_ns
        self._windows = SlidingWindows()
        self._text = MomentText()
        self._receivers: dict[str, Callable[[Delivery], None]] = {}
        self._counts: dict[str, int] = {}
        self._last = 0
        self._closed = False
        self._spent = SpentTokens(data_dir / "tokens", lambda: time_ns() / 1e9)

    def submit(
        self,
        limits: Sequence[Limit],
        publication: Publication | None,
        done: Callable[[Outcome], None],
    ) -> None:
        if self._closed:
            done(Unavailable())
            return
        if limits:
            reached = self._windows.admit(limits, self._monotonic_ns() // 1_000)
            if reached is not None:
                done(Refused(reached))
                return
        # One clock for all topics: strictly increasing in each, and no memory for any.
        self._last = at = max(self._time_ns() // 1_000, self._last + 1)
        payload = b""
        if publication is not None:
            middle = self._text(at) if publication.timed else b""
            payload = publication.head + middle + publication.tail
            receive = self._receivers.get(publication.topic)
            if receive is not None:
                try:
                    receive(Delivery(publication.topic, payload, publication.label))
                except Exception:
                    logger.exception("receiver of %s failed", publication.topic)
        done(Admitted(at, payload))

    async def spend(self, token_id: str, seconds: float) -> bool:
        self._check_open()
        return self._spent.spend(token_id, seconds)

    async def unspend(self, token_id: str) -> None:
        self._check_open()
        self._spent.unspend(token_id)

    async def subscribe(self, topic: str, receive: Callable[[Delivery], None]) -> None:
        self._check_open()
        self._receivers[topic] = receive

    def unsubscribe(self, topic: str) -> None:
        self._receivers.pop(topic, None)

    def on_restored(self, callback: Callable[[], None]) -> None:
        """It is never lost."""

    def on_gap(self, callback: Callable[[str], None]) -> None:
        """It misses nothing."""

    def report_connections(self, scope: str, count: int) -> None:
        if count:
            self._counts[scope] = count
        else:
            self._counts.pop(scope, None)

    def connections(self, scope: str) -> int:
        return self._counts.get(scope, 0)

    async def close(self) -> None:
        self._closed = True
        self._receivers.clear()
        self._spent.close()

    def _check_open(self) -> None:
        if self._closed:
            raise BusUnavailable("the bus is closed")
