"""What the media engine tells. Each is one msgpack map, named by its member ``type``."""

from __future__ import annotations

from typing import Literal

import msgspec


class _Event(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class Connected(_Event, frozen=True, tag="connected"):
    """ICE, DTLS and SRTP of a session are up."""

    session: int


class FirstAudio(_Event, frozen=True, tag="first_audio"):
    session: int


class Closed(_Event, frozen=True, tag="closed"):
    """The engine has dropped a session by itself. "silent": no packet of any kind for 12 s."""

    session: int
    reason: str  # "silent", "dtls", "failed"


class Quiet(_Event, frozen=True, tag="quiet"):
    """No packet of any kind has come from a connected session for 1 s, or one has again."""

    session: int
    quiet: bool


class Levels(_Event, frozen=True, tag="levels"):
    """Who is heard: session and volume, -dBFS in 0..127, 0 the loudest. Every 200 ms.

    Holds only those who are audible, permitted and not muted; one empty list comes when all have
    fallen silent, and then nothing.
    """

    meeting: int
    levels: tuple[tuple[int, int], ...]


class Signals(_Event, frozen=True, tag="signals"):
    """Sessions whose uplinks changed, and to what: 0 bad (loss over 20 %), 1 (over 5 %), 2 good."""

    meeting: int
    strengths: tuple[tuple[int, int], ...]


class Source(_Event, frozen=True, tag="source"):
    """A stream began or ceased to arrive, or passed the meeting's size limit either way."""

    meeting: int
    stream: int
    state: Literal["live", "stalled", "too_large", "fits"]
    width: int
    height: int


class Bitrates(_Event, frozen=True, tag="bitrates"):
    """Every 4 s: bit/s of each stream, and each session's downlink estimate."""

    meeting: int
    bitrates: tuple[tuple[int, int], ...]
    estimates: tuple[tuple[int, int], ...]


class Paused(_Event, frozen=True, tag="paused"):
    """The session's downlink does not carry these groups."""

    session: int
    groups: tuple[int, ...]


class Resumed(_Event, frozen=True, tag="resumed"):
    session: int
    groups: tuple[int, ...]


class Starved(_Event, frozen=True, tag="starved"):
    """All streams whose sender lacks bandwidth; on change."""

    meeting: int
    streams: tuple[int, ...]


class Pcm(_Event, frozen=True, tag="pcm"):
    """A piece of what one session says, while the meeting is transcribed."""

    meeting: int
    session: int
    at_ms: int  # epoch, of the first sample
    rate: int  # Hz
    samples: bytes  # s16le, mono


class Failed(_Event, frozen=True, tag="failed"):
    """The meeting's media and all of its sessions are gone."""

    meeting: int
    reason: str


Event = (
    Connected
    | FirstAudio
    | Closed
    | Quiet
    | Levels
    | Signals
    | Source
    | Bitrates
    | Paused
    | Resumed
    | Starved
    | Pcm
    | Failed
)
