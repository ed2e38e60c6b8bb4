"""A webhook: each record by POST, as JSON, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hubbub.sinks.batch import Batch, Progress
from hubbub.sinks.contract import Destination
from hubbub.sinks.delivery import DeliveryFailed
from hubbub.sinks.failures import count_dropped, report
from hubbub.sinks.parcels import one_group
from hubbub.sinks.spool import Segment

if TYPE_CHECKING:
    import urllib3

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_WORTH_ANOTHER_TRY = (408, 425, 429)


class WebhookDelivery:
    """An answer 2xx takes the record, another 4xx refuses it for good; all else is tried again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: urllib3.PoolManager | None = None

    def deliver(
        self, destination: Destination, segments: Sequence[Segment], progress: Progress
    ) -> None:
        with Batch(segments, one_group) as batch:
            progress.see(batch.damaged, destination)
            for entries in batch.groups.values():
                for number, line in enumerate(batch.lines(entries)):
                    if number < progress.parcels:
                        continue
                    self._post(destination, line)
                    progress.parcels += 1

    def _post(self, destination: Destination, line: bytes) -> None:
        status = self._send(line)
        if 200 <= status < 300:
            return
        if 400 <= status < 500 and status not in _WORTH_ANOTHER_TRY:
            count_dropped(destination, 1)
            report(destination, 1, f"an event was refused with status {status}")
            return
        raise DeliveryFailed(f"status {status}")

    def _send(self, line: bytes) -> int:
        if self._pool is None:
            import urllib3  # noqa: PLC0415 - only those who use it pay for it

            timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
            self._pool = urllib3.PoolManager(timeout=timeout, retries=False)
        headers = {"content-type": "application/json", "user-agent": "hubbub"}
        answer = self._pool.request(
            "POST", self._url, body=line, headers=headers, redirect=False, preload_content=False
        )
        answer.close()  # the body may have no end
        return answer.status

    def close(self) -> None:
        if self._pool is not None:
            self._pool.clear()
