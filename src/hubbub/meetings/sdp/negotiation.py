"""One PeerConnection's offers and answers, from its first SUBSCRIBE to its end.

Invariants: *our transport and the ssrcs of a section stay for as long as the section has its
mid; the client's transport never changes* (there is no ICE restart, C.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hubbub.meetings.media.commands import Audio, Encoding, Payload
from hubbub.meetings.sdp import writing
from hubbub.meetings.sdp.agreement import (
    Answer,
    BadOffer,
    CameraSection,
    LocalTransport,
    TileSection,
    Wanted,
)
from hubbub.meetings.sdp.codecs import capability, extensions_of, parameters, payloads_of
from hubbub.meetings.sdp.offer import Offer, Section, Transport, parse

MONO_BITRATE = 48_000  # bit/s, when the client names none
STEREO_BITRATE = 96_000
LEAST_BITRATE, MOST_BITRATE = 6_000, 510_000  # RFC 7587 7.1

_ANSWERED = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


class Negotiation:
    """`new_ssrc` gives an ssrc that nothing in the meeting has."""

    def __init__(self, local: LocalTransport, new_ssrc: Callable[[], int]) -> None:
        self._local = local
        self._new_ssrc = new_ssrc
        self._identifier = new_ssrc()
        self._version = 0
        self._remote: tuple[str, str, str] | None = None  # ufrag, pwd, fingerprint
        self._ssrcs: dict[str, tuple[int, int]] = {}  # mid -> ssrc, rtx ssrc

    def answer(
        self, text: str, receive_stream_ids: Sequence[int], encodings: Sequence[Wanted]
    ) -> Answer:
        """`receive_stream_ids` has an entry per video section, in their order (B.5).

        Raises BadOffer, and then nothing has changed.
        """
        offer = parse(text)
        draft = _Draft(offer, self._ssrcs, self._new_ssrc, self._local)
        remote = draft.remote
        if self._remote not in (None, remote):
            raise BadOffer("the transport has changed")
        draft.write(receive_stream_ids, encodings)
        self._remote = remote
        self._ssrcs = draft.ssrcs
        self._version += 1
        lines = [
            *writing.session(self._identifier, self._version, draft.bundle),
            *draft.lines,
        ]
        return Answer(
            "\r\n".join((*lines, "")),
            *remote,
            tuple(draft.payloads.values()),
            tuple(draft.extensions.items()),
            draft.audio,
            draft.camera,
            tuple(draft.tiles),
            frozenset(draft.receive_codecs),
        )


class _Body:
    """What is taken up of a section, and of all that are like it."""

    def __init__(self, section: Section) -> None:
        self.payloads = payloads_of(section)
        self.extensions = extensions_of(section)
        self.lines = (
            *writing.extensions(self.extensions),
            *writing.codecs(section, self.payloads),
        )
        found = {capability(payload) for payload in self.payloads}
        self.capabilities = {codec for codec in found if codec is not None}


class _Draft:
    """One answer in the making."""

    def __init__(
        self,
        offer: Offer,
        ssrcs: dict[str, tuple[int, int]],
        new_ssrc: Callable[[], int],
        local: LocalTransport,
    ) -> None:
        self._offer = offer
        self._before = ssrcs
        self._new_ssrc = new_ssrc
        self._local = local
        self.payloads: dict[int, Payload] = {}
        self.extensions: dict[int, str] = {}
        self._bodies: dict[int, _Body] = {}  # by `Section.alike`
        self._used = {
            id(section): body
            for section in self._wanted()
            if (body := self._body(section)).payloads
        }
        self.ssrcs: dict[str, tuple[int, int]] = {}
        self.lines: list[str] = []
        self.audio: Audio | None = None
        self.camera: CameraSection | None = None
        self.tiles: list[TileSection] = []
        self.receive_codecs: set[int] = set()
        self.bundle = tuple(section.mid for section in offer.sections if id(section) in self._used)
        if not self.bundle:
            raise BadOffer("nothing to negotiate")
        self.remote = self._transport()

    def _body(self, section: Section) -> _Body:
        body = self._bodies.get(section.alike)
        if body is None:
            body = self._bodies[section.alike] = _Body(section)
            self._agree(body)
        return body

    def _agree(self, body: _Body) -> None:
        """Payload types and extension ids mean the same in all sections of a bundle."""
        for payload in body.payloads:
            known = self.payloads.setdefault(payload.pt, payload)
            if (known.codec, known.clock, known.apt) != (payload.codec, payload.clock, payload.apt):
                raise BadOffer("a payload type has two meanings")
        for number, uri in body.extensions:
            if self.extensions.setdefault(number, uri) != uri:
                raise BadOffer("an extension id has two meanings")

    def _wanted(self) -> Iterator[Section]:
        """All video sections, and the first audio section, but for those that are stopped."""
        has_audio = False
        for section in self._offer.sections:
            if self._offer.is_stopped(section) or section.protocol != writing.PROTOCOL:
                continue
            if section.kind == "audio" and not has_audio:
                has_audio = True
            elif section.kind != "video":
                continue
            if section.mid not in self._offer.bundle or not section.rtcp_mux:
                raise BadOffer("BUNDLE and rtcp-mux are required")
            yield section

    def _transport(self) -> tuple[str, str, str]:
        """The client's, as the section says that leads the bundle, else the session."""
        lead = next(each for each in self._offer.sections if each.mid == self.bundle[0])
        own, common = lead.transport, self._offer.transport
        whole = Transport(
            own.ufrag or common.ufrag,
            own.pwd or common.pwd,
            own.fingerprint or common.fingerprint,
            own.setup or common.setup,
        )
        if not (whole.ufrag and whole.pwd and whole.fingerprint):
            raise BadOffer("ice-ufrag, ice-pwd and a sha-256 fingerprint are required")
        if whole.setup not in ("actpass", "active"):
            raise BadOffer("the client has to be the DTLS client")
        return whole.ufrag, whole.pwd, whole.fingerprint

    def write(self, receive_stream_ids: Sequence[int], encodings: Sequence[Wanted]) -> None:
        place = 0  # among the video sections
        for section in self._offer.sections:
            body = self._used.get(id(section))
            if body is None:
                self.lines += writing.stopped(section)
            elif section.kind == "audio":
                self._write_audio(section, body)
            else:
                wanted = receive_stream_ids[place] if place < len(receive_stream_ids) else 0
                self._write_video(section, body, wanted, encodings if place == 0 else ())
            place += section.kind == "video"

    def _write_head(self, section: Section, body: _Body) -> None:
        leads = section.mid == self.bundle[0]
        self.lines += writing.head(section, body.payloads, self._local, leads=leads)
        self.lines += body.lines

    def _ssrcs_of(self, mid: str) -> tuple[int, int]:
        known = self._before.get(mid) or (self._new_ssrc(), self._new_ssrc())
        self.ssrcs[mid] = known
        return known

    def _write_audio(self, section: Section, body: _Body) -> None:
        payloads = body.payloads
        ssrc, _ = self._ssrcs_of(section.mid)
        self._write_head(section, body)
        self.lines.append(f"a={_ANSWERED[section.direction]}")
        self.lines += writing.audio_source(ssrc)
        if section.direction == "inactive":
            return
        opus = next(payload for payload in payloads if payload.codec == "opus")
        red = next((payload.pt for payload in payloads if payload.codec == "red"), None)
        given = parameters(opus.fmtp)
        stereo = given.get("stereo") == "1"
        self.audio = Audio(
            mid=section.mid,
            remote_ssrc=section.ssrcs[0] if section.ssrcs else None,
            ssrc=ssrc,
            opus_pt=opus.pt,
            red_pt=red,
            stereo=stereo,
            max_bitrate=_bitrate(given.get("maxaveragebitrate", ""), stereo=stereo),
            sends=section.sends,
        )

    def _write_video(
        self,
        section: Section,
        body: _Body,
        wanted: int,
        encodings: Sequence[Wanted],
    ) -> None:
        if section.receives:
            self.receive_codecs |= body.capabilities
        self._write_head(section, body)
        if section.sends:
            self._write_camera(section, encodings)
        elif section.direction == "recvonly" and wanted:
            ssrc, rtx_ssrc = self._ssrcs_of(section.mid)
            self.tiles.append(TileSection(section.mid, ssrc, rtx_ssrc, wanted))
            self.lines.append("a=sendonly")
            self.lines += writing.tile_source(section.mid, ssrc, rtx_ssrc)
        else:
            if section.mid in self._before:
                self._ssrcs_of(section.mid)
            self.lines.append("a=inactive")

    def _write_camera(self, section: Section, encodings: Sequence[Wanted]) -> None:
        """Sendrecv though nothing is ever sent: the client reads its own codec off it."""
        self.lines.append(f"a={_ANSWERED[section.direction]}")
        self.lines += writing.simulcast(section.rids)
        if encodings:
            legs = _legs(section)
            self.camera = CameraSection(
                section.mid,
                tuple(
                    Encoding(each.stream, *leg, each.max_kbps, each.active)
                    for each, leg in zip(encodings, legs, strict=False)
                ),
            )


def _legs(section: Section) -> list[tuple[str | None, int | None, int | None]]:
    """rid, ssrc and rtx ssrc of each encoding that the section sends."""
    if section.rids:
        return [(rid, None, None) for rid in section.rids]
    if section.pairs:
        return [(None, *section.pairs[0])]
    return [(None, section.ssrcs[0] if section.ssrcs else None, None)]


def _bitrate(text: str, *, stereo: bool) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return STEREO_BITRATE if stereo else MONO_BITRATE
    return min(max(int(text), LEAST_BITRATE), MOST_BITRATE)
