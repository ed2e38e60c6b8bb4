"""Records of messages and events for the destinations of a room's logging configurations (spec 8).

One invariant: *what was published in a room with active configurations is written once to each of
their destinations, by the node that published it*.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hubbub.ivschat.engine.room import Room
from hubbub.sinks.contract import Destination, Record, Sinks

LAYOUT = "ivschat"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


class ChatLog:
    """The pen; where the ink goes is the sinks' business."""

    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks

    def write(self, room: Room, kind: bytes, received_at: int, frame: bytes) -> None:
        """Log one frame as clients got it. ``kind`` is ``b"MESSAGE"`` or ``b"EVENT"``."""
        if not room.destinations:
            return
        line = record_line(kind, received_at, frame)
        record = Record(layout=LAYOUT, partition=room.id, received_at=received_at, line=line)
        for destination in room.destinations:
            self._sinks.write(destination, record)


def record_line(kind: bytes, received_at: int, frame: bytes) -> bytes:
    """One JSON object: reception to the millisecond, kind, and the frame as payload."""
    stamp = _time(received_at).isoformat(timespec="milliseconds").removesuffix("+00:00").encode()
    return b'{"event_timestamp":"%bZ","type":"%b","payload":%b,"version":"1.0"}' % (
        stamp,
        kind,
        frame,
    )


class IvsChatLayout:
    """Names of objects and streams as AWS gives them."""

    def object_key(
        self, destination: Destination, partition: str, received_at: int, suffix: str
    ) -> str:
        at = _time(received_at)
        account, region = destination.account_id, destination.region
        kind = f"IVSChatLogs_1.0_{region}_room_{partition}"
        return (
            f"AWSLogs/{account}/IVSChatLogs/1.0/{region}/room_{partition}/{at:%Y/%m/%d/%H}/"
            f"{account}_{kind}_{at:%Y%m%dT%H%MZ}_{suffix}.log.gz"
        )

    def stream_name(self, destination: Destination, partition: str) -> str:
        return f"aws/IVSChatLogs/1.0/room_{partition}"
