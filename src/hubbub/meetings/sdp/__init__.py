"""SDP of the client's PeerConnections: offers in, answers out (chime-meetings C.3, C.4). Pure."""

from hubbub.meetings.sdp.agreement import (
    Answer,
    BadOffer,
    CameraSection,
    Candidate,
    LocalTransport,
    TileSection,
    Track,
    Wanted,
)

__all__ = [
    "Answer",
    "BadOffer",
    "CameraSection",
    "Candidate",
    "LocalTransport",
    "TileSection",
    "Track",
    "Wanted",
]
