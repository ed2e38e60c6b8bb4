"""Writes the sections of an answer (chime-meetings C.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hubbub.meetings.media.commands import Payload
from hubbub.meetings.sdp.agreement import Candidate, LocalTransport
from hubbub.meetings.sdp.codecs import FEEDBACK
from hubbub.meetings.sdp.offer import Section

PROTOCOL = "UDP/TLS/RTP/SAVPF"
CNAME = "hubbub"


def session(identifier: int, version: int, bundle: Sequence[str]) -> Iterator[str]:
    yield "v=0"
    yield f"o=- {identifier} {version} IN IP4 127.0.0.1"
    yield "s=-"
    yield "t=0 0"
    yield "a=ice-lite"
    yield " ".join(("a=group:BUNDLE", *bundle))
    yield "a=msid-semantic:WMS *"


def stopped(section: Section) -> Iterator[str]:
    """A section that is not used, or not any more."""
    yield f"m={section.kind} 0 {section.protocol} {section.formats[0]}"
    yield "c=IN IP4 0.0.0.0"
    yield "a=inactive"
    if section.mid:
        yield f"a=mid:{section.mid}"


def head(
    section: Section, payloads: Sequence[Payload], local: LocalTransport, *, leads: bool
) -> Iterator[str]:
    """The m-line and the transport; candidates only in the section that leads the bundle."""
    port, connection = 9, "IN IP4 0.0.0.0"
    if leads and local.candidates:
        first = local.candidates[0]
        port = first.port
        connection = f"IN IP{6 if ':' in first.address else 4} {first.address}"
    types = " ".join(str(payload.pt) for payload in payloads)
    yield f"m={section.kind} {port} {PROTOCOL} {types}"
    yield f"c={connection}"
    yield f"a=mid:{section.mid}"
    yield f"a=ice-ufrag:{local.ufrag}"
    yield f"a=ice-pwd:{local.pwd}"
    yield f"a=fingerprint:sha-256 {local.fingerprint}"
    yield "a=setup:passive"
    yield "a=rtcp-mux"
    if section.rtcp_rsize:
        yield "a=rtcp-rsize"
    if leads:
        for place, candidate in enumerate(local.candidates):
            yield _candidate(place, candidate)
        yield "a=end-of-candidates"


def _candidate(place: int, candidate: Candidate) -> str:
    """Host candidates; UDP before TCP, the first address before the second (RFC 8445 5.1.2)."""
    preference = 65_535 - place
    kind = 126 if candidate.protocol == "udp" else 90
    priority = kind << 24 | preference << 8 | 255
    tail = " tcptype passive" if candidate.protocol == "tcp" else ""
    return (
        f"a=candidate:{place + 1} 1 {candidate.protocol} {priority} {candidate.address}"
        f" {candidate.port} typ host{tail} generation 0"
    )


def codecs(section: Section, payloads: Sequence[Payload]) -> Iterator[str]:
    """fmtp whole: without x-google-start-bitrate a camera starts at a quarter of its size."""
    for payload in payloads:
        yield f"a=rtpmap:{payload.pt} {section.rtpmaps[payload.pt].text}"
        for key in (str(payload.pt), "*"):
            for feedback in section.feedbacks.get(key, ()):
                if feedback in FEEDBACK:
                    yield f"a=rtcp-fb:{payload.pt} {feedback}"
        if payload.fmtp:
            yield f"a=fmtp:{payload.pt} {payload.fmtp}"


def extensions(taken: Sequence[tuple[int, str]]) -> Iterator[str]:
    for number, uri in taken:
        yield f"a=extmap:{number} {uri}"


def audio_source(ssrc: int) -> Iterator[str]:
    yield "a=msid:audio audio"
    yield f"a=ssrc:{ssrc} cname:{CNAME}"


def tile_source(mid: str, ssrc: int, rtx_ssrc: int) -> Iterator[str]:
    """The stream id has to be v_<mid>: clients find their tile again by it."""
    yield f"a=msid:v_{mid} track_{mid}"
    yield f"a=ssrc-group:FID {ssrc} {rtx_ssrc}"
    yield f"a=ssrc:{ssrc} cname:{CNAME}"
    yield f"a=ssrc:{rtx_ssrc} cname:{CNAME}"


def simulcast(rids: Sequence[str]) -> Iterator[str]:
    for rid in rids:
        yield f"a=rid:{rid} recv"
    if rids:
        yield f"a=simulcast:recv {';'.join(rids)}"
