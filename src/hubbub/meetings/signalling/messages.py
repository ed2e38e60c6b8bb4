"""Data messages: their limits, the ones that are kept, their one order (chime-meetings B.8).

One invariant: *ingest times only grow*, so that every client sees the messages of a meeting in one
order and can put those that are replayed in their place.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hubbub.meetings.signalling import frames
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.throttle import Bucket

TOPIC = re.compile(r"[a-zA-Z0-9_-]{1,36}")  # what begins with aws: is the server's
MOST_DATA = 2048  # bytes
MOST_LIFETIME_MS = 300_000
MOST_KEPT = 1024
REPLAY_BYTES = 64 * 1024  # a frame

SOFT_PER_SECOND, SOFT_AT_ONCE = 100, 200
HARD_PER_SECOND, HARD_AT_ONCE = 500, 10_000

TRANSCRIPTION = "aws:chime:transcription"

_MESSAGES = pb.SdkDataMessageFrame.DESCRIPTOR.fields_by_name["messages"].number


@dataclass(frozen=True, slots=True)
class Kept:
    until: float
    encoded: bytes


class Messages:
    """The messages of one meeting."""

    def __init__(self) -> None:
        self._kept: deque[Kept] = deque(maxlen=MOST_KEPT)
        self._soft = Bucket(SOFT_PER_SECOND, SOFT_AT_ONCE)
        self._hard = Bucket(HARD_PER_SECOND, HARD_AT_ONCE)
        self._last_ns = 0

    def drops(self, now: float) -> bool:
        """Does this message meet the meeting's hard limit, so that not even its sender hears?"""
        return not self._hard.take(now)

    def throttles(self, now: float) -> bool:
        return not self._soft.take(now)

    def ingest_time(self, now: float) -> int:
        self._last_ns = max(self._last_ns + 1, int(now * 1e9))
        return self._last_ns

    def keep(self, encoded: bytes, lifetime_ms: int, now: float) -> None:
        self._kept.append(Kept(now + min(lifetime_ms, MOST_LIFETIME_MS) / 1000, encoded))

    def replayed(self, now: float) -> Iterator[bytes]:
        """Frames with what is kept, oldest first."""
        self._kept = deque((each for each in self._kept if each.until > now), maxlen=MOST_KEPT)
        batch: list[bytes] = []
        size = 0
        for each in self._kept:
            if batch and size + len(each.encoded) > REPLAY_BYTES:
                yield frame_of(batch, now)
                batch, size = [], 0
            batch.append(each.encoded)
            size += len(each.encoded)
        if batch:
            yield frame_of(batch, now)


def is_valid(message: pb.SdkDataMessagePayload) -> bool:
    return TOPIC.fullmatch(message.topic) is not None and len(message.data) <= MOST_DATA


def encode(
    message: pb.SdkDataMessagePayload, attendee_id: str, external_user_id: str, ingest_time: int
) -> bytes:
    """The message as others get it; ingest time 0: its sender gets it back, throttled."""
    told = pb.SdkDataMessagePayload(
        topic=message.topic,
        data=message.data,
        lifetime_ms=message.lifetime_ms,
        sender_attendee_id=attendee_id,
        sender_external_user_id=external_user_id,
        ingest_time_ns=ingest_time,
    )
    return told.SerializeToString()


def frame_of(encoded: Iterable[bytes], now: float) -> bytes:
    body = b"".join(frames.part(_MESSAGES, each) for each in encoded)
    return frames.encode(frames.DATA_MESSAGE, now, body)
