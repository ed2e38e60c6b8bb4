"""Offers of Chromium 156, recorded with the transceivers that amazon-chime-sdk-js makes.

One PeerConnection's: join -> camera -> tiles -> stopped -> recycled. Of another: simulcast.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from hubbub.meetings.sdp import Candidate, LocalTransport, Negotiation

DIRECTORY = Path(__file__).parent / "offers"

LOCAL = LocalTransport(
    "ours",
    "p" * 22,
    ":".join(["AB"] * 32),
    (Candidate("udp", "192.0.2.1", 4478), Candidate("tcp", "2001:db8::1", 4478)),
)


def offer(name: str) -> str:
    return (DIRECTORY / f"{name}.sdp").read_bytes().decode()


def negotiation(local: LocalTransport = LOCAL) -> Negotiation:
    return Negotiation(local, itertools.count(1_000).__next__)


def sections(text: str) -> list[list[str]]:
    """Lines of the session part and of each m-section."""
    found: list[list[str]] = [[]]
    for line in text.removesuffix("\r\n").split("\r\n"):
        if line.startswith("m="):
            found.append([])
        found[-1].append(line)
    return found


MINIMAL = "\r\n".join(
    (
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:" + "x" * 22,
        "a=fingerprint:sha-256 " + ":".join(["0f"] * 32),
        "a=setup:actpass",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=mid:1",
        "a=rtcp-mux",
        "a=rtpmap:96 VP8/90000",
        "a=recvonly",
        "",
    )
)
"""The least that is accepted: attributes of the session, one audio section, one tile."""
