"""One WebSocket session: how far it has come, and what of it lasts until it ends.

    OPENED --JOIN--> JOINED --SUBSCRIBE--> SUBSCRIBED --LEAVE or a farewell--> ENDED

It may end in every phase. Its media go their own way: none, opening, connected, gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from hubbub.meetings.sdp import AnswerCompressor, LocalTransport, Negotiation
from hubbub.meetings.signalling.pace import Pace
from hubbub.meetings.signalling.people import Person
from hubbub.meetings.signalling.publications import Publication


class Phase(IntEnum):
    OPENED = 0
    JOINED = 1
    SUBSCRIBED = 2
    ENDED = 3


class Media(IntEnum):
    NONE = 0
    OPENING = 1
    CONNECTED = 2
    GONE = 3


class Connection:
    """The PeerConnection of a session: what its negotiations go by."""

    __slots__ = ("compressor", "local", "negotiation")

    def __init__(self, local: LocalTransport, new_ssrc: Callable[[], int]) -> None:
        self.local = local
        self.negotiation = Negotiation(local, new_ssrc)
        self.compressor = AnswerCompressor()


@dataclass(slots=True, eq=False)
class Session:
    """`socket` is false once the WebSocket has gone; the media may then still be there."""

    number: int
    person: Person
    content: bool
    connection: Connection
    opened_at: float
    pace: Pace = field(default_factory=Pace)
    phase: Phase = Phase.OPENED
    media: Media = Media.NONE
    socket: bool = True
    cut_at: float = 0.0  # when the socket went, if it has
    quiet: bool = False  # nothing comes from the client's media now
    audio_session_id: int = 0
    compressed: bool = False
    adaptation: int = 0  # SdkServerSideNetworkAdaption as the client asked for
    has_audio: bool = False
    muted: bool = False
    signal: int = 2  # of its uplink: 0 bad, 1, 2 good
    receive_codecs: frozenset[int] = frozenset()
    publication: Publication | None = None
    tiles: dict[str, int] = field(default_factory=dict)  # mid -> stream that it was made for
    promoting: str | None = None  # the attendee id whose credentials are being looked at
    index: bytes | None = None  # the last INDEX sent, without its time

    @property
    def is_joined(self) -> bool:
        return self.socket and self.phase in (Phase.JOINED, Phase.SUBSCRIBED)

    @property
    def is_listening(self) -> bool:
        """Gets what goes to everybody."""
        return self.socket and self.phase is Phase.SUBSCRIBED


def label(person: Person, *, content: bool) -> str:
    return person.attendee.attendee_id + ("#content" if content else "")
