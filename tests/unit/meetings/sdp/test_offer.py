from __future__ import annotations

import pytest

from hubbub.meetings.sdp import BadOffer, offer
from hubbub.meetings.sdp.offer import parse
from tests.unit.meetings.sdp import recorded
from tests.unit.meetings.sdp.recorded import MINIMAL


def test_chromes_offer_of_a_camera_is_read() -> None:
    read = parse(recorded.offer("camera"))
    audio, camera = read.sections
    assert read.bundle == ("0", "1")
    assert (audio.kind, audio.mid, audio.direction, audio.rtcp_mux, audio.rtcp_rsize) == (
        ("audio", "0", "sendrecv", True, True)
    )
    assert audio.formats[:2] == ("63", "111")
    assert audio.rtpmaps[111].text == "opus/48000/2"
    assert audio.fmtps[63] == "111/111"
    assert audio.feedbacks == {"111": ["transport-cc"]}
    assert len(audio.ssrcs) == 1
    assert camera.pairs == [(camera.ssrcs[0], camera.ssrcs[1])]
    assert camera.extensions[4] == "urn:ietf:params:rtp-hdrext:sdes:mid"
    assert camera.transport.setup == "actpass"
    assert len(camera.transport.fingerprint) == 95


def test_rids_come_in_the_order_of_the_simulcast_line() -> None:
    assert parse(recorded.offer("simulcast")).sections[1].rids == ("low", "mid", "hi")
    text = recorded.offer("simulcast").replace("send low;~mid;hi", "recv x send ~hi;mid,low;~low")
    assert parse(text).sections[1].rids == ("hi", "mid", "low")


def test_rids_that_are_received_are_not_ours_to_answer() -> None:
    text = MINIMAL + "a=rid:a recv\r\n"
    assert parse(text).sections[1].rids == ()


def test_a_stopped_tile_has_port_0_outside_the_bundle() -> None:
    read = parse(recorded.offer("stopped"))
    assert [section.mid for section in read.sections if read.is_stopped(section)] == ["3"]
    # With max-bundle a section without a transport of its own has port 0, too.
    waiting = parse(MINIMAL.replace("m=video 9", "m=video 0"))
    assert not waiting.is_stopped(waiting.sections[1])
    alone = parse(MINIMAL.replace("m=video 9", "m=video 0").replace("BUNDLE 0 1", "BUNDLE 0"))
    assert alone.is_stopped(alone.sections[1])
    marked = parse(
        MINIMAL.replace("m=video 9", "m=video 0").replace("BUNDLE 0 1", "BUNDLE 0")
        + "a=bundle-only\r\n"
    )
    assert not marked.is_stopped(marked.sections[1])


def test_other_groups_and_other_digests_are_skipped() -> None:
    text = MINIMAL.replace(
        "a=setup:actpass", "a=group:LS 0 1\r\na=setup:actpass\r\na=fingerprint:sha-1 AA"
    )
    assert parse(text).bundle == ("0", "1")
    assert parse(MINIMAL + "a=ssrc-group:SIM 1 2 3\r\n").sections[1].pairs == []


def test_lines_may_end_without_carriage_return() -> None:
    assert parse(MINIMAL.replace("\r\n", "\n")) == parse(MINIMAL)


@pytest.mark.parametrize(
    "line",
    [
        "m=video",
        "m=video 9 UDP",
        "m=video 999999 UDP/TLS/RTP/SAVPF 96",
        "m=video 9 UDP/TLS/RTP/SAVPF" + " 1" * (offer.MAX_FORMATS + 1),
        "a=mid:" + "x" * 17,
        "a=mid:",
        "a=mid:7",
        "a=mid:1 2",
        "a=rtpmap:96",
        "a=rtpmap:999 VP8/90000",
        "a=rtpmap:128 VP8/90000",
        "a=fmtp:x y=z",
        "a=fmtp:٣ y=z",
        "a=extmap:256 urn:x",
        "a=extmap:",
        "a=ssrc:4294967296 cname:x",
        "a=ssrc:99999999999 cname:x",
        "a=ssrc-group:FID 1",
        "a=ssrc-group:FID 1 2 3",
        "a=ssrc-group:FID 1 x",
        "a=rid:? send",
        "a=rid:a send\r\na=rid:a send",
        "a=simulcast:send a;b",
        "a=ice-ufrag:abc",
        "a=ice-pwd:short",
        "a=ice-ufrag:" + "x" * 257,
        "a=fingerprint:sha-256 AB:CD",
        "a=" + "x" * offer.MAX_LINE_CHARACTERS,
        "nonsense",
        "A=x",
        "ab=x",
        "=x",
        "",
        "\r\na=x",
        "a=caf\u00e9",
        "a=\x00",
    ],
)
def test_what_is_malformed_is_a_bad_offer(line: str) -> None:
    with pytest.raises(BadOffer):
        parse(MINIMAL + line + "\r\na=x\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=1\r\n",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
        MINIMAL.replace("a=mid:1", "a=mid:0"),
        MINIMAL + "a=x\r\n" * offer.MAX_LINES,
        MINIMAL + "m=video 0 X 1\r\n" * offer.MAX_SECTIONS,
        MINIMAL + f"a={'x' * 4_000}\r\n" * 70,
        MINIMAL + "".join(f"a=rid:r{n} send\r\n" for n in range(offer.MAX_RIDS + 1)),
    ],
    ids=["empty", "version", "no version", "mids", "lines", "sections", "characters", "rids"],
)
def test_what_is_too_much_or_no_session_is_a_bad_offer(text: str) -> None:
    with pytest.raises(BadOffer):
        parse(text)
