"""Offers as Chromium makes them (chime-meetings C.3), as short as they can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

FINGERPRINT = ":".join(["AB"] * 32)
Camera = Literal["off", "on", "simulcast"]

_TRANSPORT = (
    "c=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    f"a=fingerprint:sha-256 {FINGERPRINT}\r\na=setup:actpass\r\na=rtcp-mux\r\n"
)
CODECS = {
    1: ("96", "VP8/90000", ""),
    8: ("98", "VP9/90000", "profile-id=0"),
    3: (
        "102",
        "H264/90000",
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    ),
}
"""SdkVideoCodecCapability -> payload type, rtpmap, fmtp."""


def offer(
    *,
    camera: Camera = "off",
    tiles: int = 0,
    audio: bool = True,
    codecs: Sequence[int] = (1, 8, 3),
) -> str:
    """`tiles`: how many recvonly sections follow the camera's."""
    sections = [_audio()] if audio else []
    sections.append(_video(len(sections), codecs, _SENT[camera]))
    for _ in range(tiles):
        sections.append(_video(len(sections), codecs, ("a=recvonly",)))
    mids = " ".join(str(mid) for mid in range(len(sections)))
    head = f"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\n"
    return head + "".join(sections)


def _audio() -> str:
    return (
        "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n" + _TRANSPORT + "a=mid:0\r\na=sendrecv\r\n"
        "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1\r\na=ssrc:1000 cname:x\r\n"
    )


_SENT = {
    "off": ("a=inactive",),
    "on": (
        "a=sendrecv",
        "a=ssrc-group:FID 2000 2001",
        "a=ssrc:2000 cname:x",
        "a=ssrc:2001 cname:x",
    ),
    "simulcast": (
        "a=sendrecv",
        "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "a=rid:low send",
        "a=rid:mid send",
        "a=rid:hi send",
        "a=simulcast:send low;mid;hi",
    ),
}


def _video(mid: int, codecs: Sequence[int], lines: Sequence[str]) -> str:
    kinds = [CODECS[codec] for codec in codecs]
    formats = " ".join(f"{pt} {int(pt) + 1}" for pt, _, _ in kinds)
    text = f"m=video 9 UDP/TLS/RTP/SAVPF {formats}\r\n" + _TRANSPORT + f"a=mid:{mid}\r\n"
    for pt, name, fmtp in kinds:
        text += f"a=rtpmap:{pt} {name}\r\na=rtcp-fb:{pt} nack\r\na=rtcp-fb:{pt} nack pli\r\n"
        if fmtp:
            text += f"a=fmtp:{pt} {fmtp}\r\n"
        text += f"a=rtpmap:{int(pt) + 1} rtx/90000\r\na=fmtp:{int(pt) + 1} apt={pt}\r\n"
    return text + "".join(f"{line}\r\n" for line in lines)
