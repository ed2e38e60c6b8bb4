"""What one exchange of offer and answer has settled."""

from __future__ import annotations

from dataclasses import dataclass

from hubbub.meetings.media.commands import Audio, Encoding, Payload


class BadOffer(Exception):
    """The offer is malformed, too large or asks for what no client of ours needs."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address at which the media engine can be reached. `protocol` is "udp" or "tcp"."""

    protocol: str
    address: str  # IPv4 or IPv6, without brackets
    port: int


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """Our side of ICE and DTLS; the same over the life of a PeerConnection."""

    ufrag: str
    pwd: str
    fingerprint: str  # sha-256 of our certificate, "AB:CD:..."
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One video encoding that a SUBSCRIBE announces, in the order of the offer's rids."""

    stream: int
    max_kbps: int
    active: bool


@dataclass(frozen=True, slots=True)
class CameraSection:
    """The section that sends; `encodings` joins the wanted ones with their rids or ssrcs."""

    mid: str
    encodings: tuple[Encoding, ...]


@dataclass(frozen=True, slots=True)
class TileSection:
    """A section in which we may send. ssrcs stay for as long as the mid does."""

    mid: str
    ssrc: int
    rtx_ssrc: int
    stream: int  # as asked for; never 0


@dataclass(frozen=True, slots=True)
class Track:
    """An entry of SUBSCRIBE_ACK.tracks (chime-meetings B.5)."""

    stream: int
    ssrc: int
    label: str  # "v_<mid>"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer's text and all of what the engine and the room have to know of the exchange."""

    text: str
    remote_ufrag: str
    remote_pwd: str
    remote_fingerprint: str  # sha-256 of the client's certificate, "AB:CD:..."
    payloads: tuple[Payload, ...]
    extensions: tuple[tuple[int, str], ...]  # id, URI
    audio: Audio | None
    camera: CameraSection | None
    tiles: tuple[TileSection, ...]
    receive_codecs: frozenset[int]  # SdkVideoCodecCapability; empty: the offer does not say

    @property
    def tracks(self) -> tuple[Track, ...]:
        return tuple(Track(tile.stream, tile.ssrc, f"v_{tile.mid}") for tile in self.tiles)
