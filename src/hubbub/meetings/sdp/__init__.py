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
from hubbub.meetings.sdp.compression import AnswerCompressor, decompress_offer
from hubbub.meetings.sdp.negotiation import Negotiation
from hubbub.meetings.sdp.offer import MAX_CHARACTERS

__all__ = [
    "MAX_CHARACTERS",
    "Answer",
    "AnswerCompressor",
    "BadOffer",
    "CameraSection",
    "Candidate",
    "LocalTransport",
    "Negotiation",
    "TileSection",
    "Track",
    "Wanted",
    "decompress_offer",
]
