"""How much one client may send: bounds that no client of ours comes near.

What the meeting's rules say of data messages is in messages.py and people.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.throttle import Bucket

FRAMES = (400, 4000)  # a second and at once
BYTES = (1024 * 1024, 16 * 1024 * 1024)  # far more than all data messages that may be sent

RATES: Mapping[int, tuple[float, float]] = {
    pb.SdkSignalFrame.SUBSCRIBE: (10, 50),
    pb.SdkSignalFrame.AUDIO_CONTROL: (10, 100),
    pb.SdkSignalFrame.PRIMARY_MEETING_JOIN: (1, 10),
}
"""Frames a second and at once that a client may send of what is dear to serve."""


class Pace:
    """What one session has left."""

    __slots__ = ("_bytes", "_frames", "_kinds")

    def __init__(self) -> None:
        self._frames = Bucket(*FRAMES)
        self._bytes = Bucket(*BYTES)
        self._kinds = {kind: Bucket(*rate) for kind, rate in RATES.items()}

    def permits(self, size: int, now: float) -> bool:
        return self._frames.take(now) and self._bytes.take(now, size)

    def permits_kind(self, kind: int, now: float) -> bool:
        bucket = self._kinds.get(kind)
        return bucket is None or bucket.take(now)
