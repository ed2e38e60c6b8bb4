"""Reads offers (chime-meetings C.3).

Untrusted text: its size, lines and sections are bounded, and whatever is not as RFC 8866 and
RFC 8829 have it raises `BadOffer`. Attributes that no answer needs are skipped.

Tiles are the bulk of an offer and differ in nothing but their mid, so that sections which are alike
are read once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from hubbub.meetings.sdp.agreement import BadOffer

MAX_CHARACTERS = 262_144  # 25 tiles take about 100,000
MAX_LINES = 10_000
MAX_LINE_CHARACTERS = 4_096
MAX_SECTIONS = 64
MAX_FORMATS = 128  # of one section: payload types are seven bits
MAX_RIDS = 8

_STRAY = re.compile(r"[^\x20-\x7e\n]")
_MID = re.compile(r"\na=mid:([^\n]*)")
_TOKEN = re.compile(r"[A-Za-z0-9_.~+-]{1,16}")  # 16: a one-byte header extension holds no more
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_SHA256 = re.compile(r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}")
_MEDIA = re.compile(r"(\w{1,16}) (\d{1,5})(?:/\d{1,5})? ([A-Z/]{1,32})((?: [\w-]{1,32})+)")
_RTPMAP = re.compile(r"(\d{1,3}) ([\w.-]{1,32})/(\d{1,9})(?:/(\d{1,2}))?")
_DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})


@dataclass(frozen=True, slots=True)
class RtpMap:
    codec: str  # lower case
    text: str  # as offered: "VP8/90000"
    clock: int
    channels: int


@dataclass(slots=True)
class Transport:
    """ICE and DTLS attributes, of the session or of one section."""

    ufrag: str = ""
    pwd: str = ""
    fingerprint: str = ""
    setup: str = ""


@dataclass(slots=True)
class Section:
    """One m-section. Payload types are those of its m-line, in the offer's order."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    alike: int  # the same in sections that differ in their mid only
    mid: str = ""
    direction: str = "sendrecv"
    bundle_only: bool = False
    rtcp_mux: bool = False
    rtcp_rsize: bool = False
    transport: Transport = field(default_factory=Transport)
    rtpmaps: dict[int, RtpMap] = field(default_factory=dict)
    fmtps: dict[int, str] = field(default_factory=dict)
    feedbacks: dict[str, list[str]] = field(default_factory=dict)  # "*" or a payload type -> values
    extensions: dict[int, str] = field(default_factory=dict)  # id -> URI
    rids: tuple[str, ...] = ()  # those to be sent, in the order of a=simulcast
    ssrcs: list[int] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)  # ssrc, its rtx ssrc

    @property
    def sends(self) -> bool:
        return self.direction in ("sendrecv", "sendonly")

    @property
    def receives(self) -> bool:
        return self.direction in ("sendrecv", "recvonly")


@dataclass(slots=True)
class Offer:
    bundle: tuple[str, ...] = ()
    transport: Transport = field(default_factory=Transport)
    sections: list[Section] = field(default_factory=list)

    def is_stopped(self, section: Section) -> bool:
        """Port 0 outside the bundle; inside, port 0 only says that it has no transport alone."""
        return section.port == 0 and not section.bundle_only and section.mid not in self.bundle


def parse(text: str) -> Offer:
    """Raises BadOffer."""
    if len(text) > MAX_CHARACTERS:
        raise BadOffer("offer too long")
    text = text.replace("\r\n", "\n").rstrip("\n")
    if text.count("\n") >= MAX_LINES:
        raise BadOffer("too many lines")
    if _STRAY.search(text):
        raise BadOffer("a character that has no place here")
    head, *blocks = text.split("\nm=")
    if len(blocks) > MAX_SECTIONS:
        raise BadOffer("too many sections")
    lines = head.split("\n")
    if lines[0] != "v=0":
        raise BadOffer("not a session description")
    offer = Offer()
    for name, value in _attributes(lines):
        _of_session(offer, name, value)
    known: dict[str, Section] = {}
    for block in blocks:
        mids = _MID.findall(block)
        if len(mids) > 1:
            raise BadOffer("a section has one mid")
        rest = _MID.sub("", block)
        section = known.get(rest)
        if section is None:
            section = known[rest] = _section(rest, len(known))
        mid = _matching(_TOKEN, mids[0], "mid") if mids else ""
        offer.sections.append(replace(section, mid=mid))
    mids = [section.mid for section in offer.sections if section.mid]
    if len(set(mids)) != len(mids):
        raise BadOffer("the same mid twice")
    return offer


def _attributes(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line[1:2] != "=" or not "a" <= line[0] <= "z" or len(line) > MAX_LINE_CHARACTERS:
            raise BadOffer("malformed line")
        if line[0] == "a":
            name, _, value = line[2:].partition(":")
            yield name, value


def _section(block: str, alike: int) -> Section:
    first, *lines = block.split("\n")
    match = _MEDIA.fullmatch(first)
    if match is None:
        raise BadOffer("malformed m-line")
    kind, port, protocol, formats = match.groups()
    listed = tuple(formats.split())
    if len(listed) > MAX_FORMATS:
        raise BadOffer("too many formats")
    section = Section(kind, int(port), protocol, listed, alike)
    for name, value in _attributes(lines):
        _of_section(section, name, value)
    return section


def _of_session(offer: Offer, name: str, value: str) -> None:
    if name == "group":
        semantics, *mids = value.split(" ")
        if semantics == "BUNDLE":
            offer.bundle = tuple(mids)
    else:
        _of_transport(offer.transport, name, value)


def _of_transport(transport: Transport, name: str, value: str) -> None:
    if name == "ice-ufrag":
        transport.ufrag = _matching(_UFRAG, value, "ice-ufrag")
    elif name == "ice-pwd":
        transport.pwd = _matching(_PWD, value, "ice-pwd")
    elif name == "setup":
        transport.setup = value
    elif name == "fingerprint":
        digest, _, fingerprint = value.partition(" ")
        if digest.lower() == "sha-256":
            transport.fingerprint = _matching(_SHA256, fingerprint.upper(), "fingerprint")


def _matching(pattern: re.Pattern[str], value: str, name: str) -> str:
    if not pattern.fullmatch(value):
        raise BadOffer(f"malformed {name}")
    return value


def _of_section(section: Section, name: str, value: str) -> None:
    if name in _DIRECTIONS:
        section.direction = name
    elif (read := _ATTRIBUTES.get(name)) is not None:
        read(section, value)
    else:
        _of_transport(section.transport, name, value)


def _bundle_only(section: Section, _value: str) -> None:
    section.bundle_only = True


def _rtcp_mux(section: Section, _value: str) -> None:
    section.rtcp_mux = True


def _rtcp_rsize(section: Section, _value: str) -> None:
    section.rtcp_rsize = True


def _rtpmap(section: Section, value: str) -> None:
    match = _RTPMAP.fullmatch(value)
    if match is None:
        raise BadOffer("malformed rtpmap")
    payload, codec, clock, channels = match.groups()
    section.rtpmaps[_number(payload, 127)] = RtpMap(
        codec.lower(), value.partition(" ")[2], int(clock), int(channels or 1)
    )


def _fmtp(section: Section, value: str) -> None:
    payload, _, parameters = value.partition(" ")
    section.fmtps[_number(payload, 127)] = parameters


def _rtcp_fb(section: Section, value: str) -> None:
    payload, _, feedback = value.partition(" ")
    section.feedbacks.setdefault(payload, []).append(feedback)


def _extmap(section: Section, value: str) -> None:
    number, _, rest = value.partition(" ")
    identifier = _number(number.partition("/")[0], 255)
    section.extensions[identifier] = rest.partition(" ")[0]


def _rid(section: Section, value: str) -> None:
    name, _, rest = value.partition(" ")
    if rest.split(" ")[0] == "send":
        if name in section.rids or len(section.rids) == MAX_RIDS:
            raise BadOffer("too many rids, or one twice")
        section.rids = (*section.rids, _matching(_TOKEN, name, "rid"))


def _simulcast(section: Section, value: str) -> None:
    """``send ~low;mid;~hi``: a tilde says paused, commas part alternatives."""
    words = value.split(" ")
    for direction, streams in zip(words[::2], words[1::2], strict=False):
        if direction == "send":
            named = [each.split(",")[0].removeprefix("~") for each in streams.split(";")]
            if sorted(named) != sorted(section.rids):
                raise BadOffer("simulcast names other rids")
            section.rids = tuple(named)


def _ssrc(section: Section, value: str) -> None:
    ssrc = _number(value.partition(" ")[0], 0xFFFF_FFFF)
    if ssrc not in section.ssrcs[-8:]:  # several lines, one behind the other
        section.ssrcs.append(ssrc)


def _ssrc_group(section: Section, value: str) -> None:
    semantics, *ssrcs = value.split(" ")
    if semantics == "FID":
        if len(ssrcs) != 2:
            raise BadOffer("malformed ssrc-group")
        section.pairs.append((_number(ssrcs[0], 0xFFFF_FFFF), _number(ssrcs[1], 0xFFFF_FFFF)))


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) > most:
        raise BadOffer("malformed number")
    return int(text)


_ATTRIBUTES: dict[str, Callable[[Section, str], None]] = {
    "bundle-only": _bundle_only,
    "rtcp-mux": _rtcp_mux,
    "rtcp-rsize": _rtcp_rsize,
    "rtpmap": _rtpmap,
    "fmtp": _fmtp,
    "rtcp-fb": _rtcp_fb,
    "extmap": _extmap,
    "rid": _rid,
    "simulcast": _simulcast,
    "ssrc": _ssrc,
    "ssrc-group": _ssrc_group,
}
