"""Which codecs and header extensions of an offer are taken up."""

from __future__ import annotations

from collections.abc import Iterator

from hubbub.meetings.media.commands import Payload
from hubbub.meetings.sdp.offer import Section

FORWARDED = frozenset({"vp8", "vp9", "h264", "av1"})
FEEDBACK = frozenset({"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"})

# URIs as in C.4 rule 9. Without the dependency descriptor: only SVC forwarded whole could use it.
_EXTENSIONS = frozenset(
    {
        "urn:ietf:params:rtp-hdrext:sdes:mid",
        "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "urn:3gpp:video-orientation",
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
        "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
        "http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
        "http://www.webrtc.org/experiments/rtp-hdrext/color-space",
    }
)
MAX_EXTENSION_ID = 14  # of one-byte headers, the only ones we write

# profile_idc and constraint flags of profile-level-id -> SdkVideoCodecCapability
_H264_PROFILES = {"42e0": 3, "4200": 2, "4d00": 4, "6400": 5, "640c": 6}


def extensions_of(section: Section) -> tuple[tuple[int, str], ...]:
    """Those that we take up, with the offer's ids."""
    return tuple(
        (number, uri)
        for number, uri in section.extensions.items()
        if uri in _EXTENSIONS and 1 <= number <= MAX_EXTENSION_ID
    )


def payloads_of(section: Section) -> tuple[Payload, ...]:
    """Those of a section that we take up, in the offer's order."""
    return tuple(_audio(section) if section.kind == "audio" else _video(section))


def _audio(section: Section) -> Iterator[Payload]:
    """The first Opus, and RED if it carries that."""
    listed = list(_listed(section))
    opus = next(
        (each for each in listed if (each.codec, each.clock, each.channels) == ("opus", 48_000, 2)),
        None,
    )
    if opus is None:
        return
    for each in listed:
        if each is opus or (each.codec == "red" and each.clock == 48_000 and each.apt == opus.pt):
            yield each


def _video(section: Section) -> Iterator[Payload]:
    """What is forwarded, with its rtx. No RED or FEC: senders would use them."""
    listed = list(_listed(section))
    kept = {each.pt for each in listed if each.codec in FORWARDED}
    for each in listed:
        if each.pt in kept or (each.codec == "rtx" and each.apt in kept):
            yield each


def _listed(section: Section) -> Iterator[Payload]:
    for text in section.formats:
        payload = int(text) if text.isascii() and text.isdigit() else -1
        mapped = section.rtpmaps.get(payload)
        if mapped is None:
            continue
        fmtp = section.fmtps.get(payload, "")
        apt = None
        if mapped.codec == "rtx":
            apt = _small(parameters(fmtp).get("apt", ""))
        elif mapped.codec == "red":
            apt = _small(fmtp.partition("/")[0])
        yield Payload(payload, mapped.codec, mapped.clock, mapped.channels, apt, fmtp)


def _small(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None


def parameters(fmtp: str) -> dict[str, str]:
    """``a=1;b=2`` as a map; names in lower case."""
    pairs = (part.strip().partition("=") for part in fmtp.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def capability(payload: Payload) -> int | None:
    """The SdkVideoCodecCapability of a video payload (chime-meetings B.3), if it has one."""
    given = parameters(payload.fmtp)
    if payload.codec == "vp8":
        return 1
    if payload.codec == "vp9":
        return 8 if given.get("profile-id", "0") == "0" else None
    if payload.codec == "av1":
        return 11 if given.get("profile", "0") == "0" else None
    if payload.codec == "h264" and given.get("packetization-mode") == "1":
        return _H264_PROFILES.get(given.get("profile-level-id", "")[:4].lower())
    return None
