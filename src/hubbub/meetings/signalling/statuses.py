"""How sessions are ended and refused: the tables of chime-meetings B.9.

A connected client ignores every clean close, so the status ends its session and the close only
follows; before its first INDEX the close is what it goes by.
"""

from __future__ import annotations

from typing import NamedTuple

from hubbub.meetings.signalling import frames
from hubbub.meetings.signalling import signal_pb2 as pb

LEAVE_TIME = 0.05  # seconds that a client has to act on a status before its socket closes


class Farewell(NamedTuple):
    """AUDIO_STATUS, if any, and then the WebSocket's close code and reason."""

    audio_status: int | None
    close: int
    reason: str = ""

    def frame(self, now: float) -> bytes | None:
        return None if self.audio_status is None else audio_status(self.audio_status, now)

    @property
    def after_seconds(self) -> float:
        return 0.0 if self.audio_status is None else LEAVE_TIME


ELSEWHERE = Farewell(301, 4401)  # the attendee has joined from another device
SUPERSEDED = Farewell(None, 4401)  # the same client has a new connection
ENDED = Farewell(410, 4410)  # the meeting
REMOVED = Farewell(411, 4403)  # the attendee was deleted
BAD_TOKEN = Farewell(None, 4403)
MALFORMED = Farewell(400, 4400)  # any status unknown to the client stops it
FLOODING = Farewell(429, 4400)
REFUSED = Farewell(None, 4403)  # said in JOIN_ACK
IDLE = Farewell(None, 4400)  # a socket on which nobody has joined
MEDIA_LOST = Farewell(503, 4500)  # makes the client connect anew at once
RESTART = Farewell(None, 4500)  # the server goes away
OTHER_NODE = Farewell(None, 4500, "The meeting is held by another node")

LEFT = 1000  # the close that follows a LEAVE, unless the client's own comes first
CLOSE_AFTER_LEAVE = 2.0  # seconds

# SdkSignalFrame.error
BAD_REQUEST = (400, "The offer cannot be answered")
NOT_JOINED = (400, "JOIN comes before SUBSCRIBE")
BAD_CREDENTIALS = (403, "The credentials are not those of an attendee of the primary meeting")
NOT_A_REPLICA = (403, "Only attendees of a replica can join its primary meeting")
MEETING_FULL = (409, "The meeting is full")
VIEW_ONLY = (206, "No more cameras can be published here")
SOURCES_FULL = (509, "No more content can be shared here")

TOO_LARGE = (
    "Disabled video/content send capability, reason: Video resolution is above limit of current"
    " meeting feature selection."
)


def audio_status(status: int, now: float) -> bytes:
    return frames.encode(frames.AUDIO_STATUS, now, pb.SdkAudioStatusFrame(audio_status=status))


def notification(message: str, now: float) -> bytes:
    """Logged by the client as an error, nothing else."""
    body = pb.SdkNotificationFrame(level=pb.SdkNotificationFrame.ERROR, message=message)
    return frames.encode(frames.NOTIFICATION, now, body)
