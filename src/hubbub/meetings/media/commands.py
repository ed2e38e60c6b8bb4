"""What the media engine is told. Each is one msgpack map, named by its member ``type``.

Ids are given by us and never used twice: ``meeting`` and ``session`` (one per WebSocket session)
are u64, ``attendee`` u64 is the same for an attendee's main and its content session, ``stream``
and ``group`` (chime-meetings B.4) are u32. Rates are bit/s unless their name says kbps.
"""

from __future__ import annotations

import msgspec


class Gates(msgspec.Struct, frozen=True):
    """What an attendee may send and receive (chime-meetings D.1); both of its sessions alike."""

    audio_send: bool = True
    audio_receive: bool = True
    video_send: bool = True
    video_receive: bool = True
    content_send: bool = True
    content_receive: bool = True


class Payload(msgspec.Struct, frozen=True):
    """A payload type of the client's offer. `apt` is what an rtx or red payload carries."""

    pt: int
    codec: str  # lower case: "opus", "red", "vp8", "vp9", "h264", "av1", "rtx"
    clock: int
    channels: int
    apt: int | None
    fmtp: str


class Audio(msgspec.Struct, frozen=True):
    """The audio section: the microphone up, the mix down."""

    mid: str
    remote_ssrc: int | None
    ssrc: int  # ours, of the mix
    opus_pt: int
    red_pt: int | None
    stereo: bool
    max_bitrate: int  # bit/s that the client wants at most
    sends: bool  # false: the client's section sends nothing


class Encoding(msgspec.Struct, frozen=True):
    """One encoding of a camera: named by its rid (simulcast) or by its ssrc."""

    stream: int
    rid: str | None
    ssrc: int | None
    rtx_ssrc: int | None
    max_kbps: int
    active: bool


class Camera(msgspec.Struct, frozen=True):
    """The section that sends the camera or, in a content session, the share."""

    mid: str
    group: int
    encodings: tuple[Encoding, ...]
    content: bool


class Tile(msgspec.Struct, frozen=True):
    """A section in which the client receives one video."""

    mid: str
    ssrc: int
    rtx_ssrc: int
    stream: int  # 0: nothing
    group: int  # 0: unknown


class Subscription(msgspec.Struct, frozen=True):
    """What a tile shall show. Stream 0: the engine picks a layer of the group (B.7)."""

    mid: str
    stream: int
    group: int
    priority: int  # u32, larger is more important
    target_kbps: int  # 0: no limit
    preference: int  # 1 balanced, 2 keep the frame rate, 3 keep the resolution


class _Command(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class CreateMeeting(_Command, frozen=True, tag="create_meeting"):
    """A limit is the largest width and height; None: there is none."""

    meeting: int
    video_limit: tuple[int, int] | None = None
    content_limit: tuple[int, int] | None = None


class EndMeeting(_Command, frozen=True, tag="end_meeting"):
    """Its sessions close, and no event tells so."""

    meeting: int


class OpenSession(_Command, frozen=True, tag="open_session"):
    meeting: int
    session: int
    attendee: int
    content: bool
    local_ufrag: str
    local_pwd: str
    remote_ufrag: str
    remote_pwd: str
    fingerprint: str  # sha-256 of the client's certificate, "AB:CD:..."
    gates: Gates
    muted: bool


class Configure(_Command, frozen=True, tag="configure"):
    """All of what an answer has agreed on; replaces what the one before had."""

    session: int
    payloads: tuple[Payload, ...]
    extensions: tuple[tuple[int, str], ...]  # id, URI
    audio: Audio | None
    camera: Camera | None
    tiles: tuple[Tile, ...]


class CloseSession(_Command, frozen=True, tag="close_session"):
    session: int


class SetGates(_Command, frozen=True, tag="set_gates"):
    meeting: int
    attendee: int
    gates: Gates


class SetMuted(_Command, frozen=True, tag="set_muted"):
    session: int
    muted: bool


class Subscribe(_Command, frozen=True, tag="subscribe"):
    """Replaces the wishes for the mids named; the others stay."""

    session: int
    subscriptions: tuple[Subscription, ...]


class Unsubscribe(_Command, frozen=True, tag="unsubscribe"):
    session: int
    mids: tuple[str, ...]


class Pause(_Command, frozen=True, tag="pause"):
    """The client wants no packets of these for now; any stream of a group names the group."""

    session: int
    streams: tuple[int, ...]


class Resume(_Command, frozen=True, tag="resume"):
    session: int
    streams: tuple[int, ...]


class Transcribe(_Command, frozen=True, tag="transcribe"):
    """On: `Pcm` events come for all who are heard."""

    meeting: int
    on: bool


Command = (
    CreateMeeting
    | EndMeeting
    | OpenSession
    | Configure
    | CloseSession
    | SetGates
    | SetMuted
    | Subscribe
    | Unsubscribe
    | Pause
    | Resume
    | Transcribe
)
