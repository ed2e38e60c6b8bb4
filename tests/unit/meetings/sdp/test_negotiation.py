from __future__ import annotations

from dataclasses import replace

import pytest

from hubbub.meetings.media.commands import Audio, Encoding
from hubbub.meetings.sdp import BadOffer, CameraSection, TileSection, Track, Wanted
from hubbub.meetings.sdp.negotiation import MONO_BITRATE, STEREO_BITRATE
from tests.unit.meetings.sdp.recorded import LOCAL, MINIMAL, negotiation, offer, sections

WANTED = (Wanted(2, 1_500, True),)


def test_the_first_answer_of_a_client_without_camera() -> None:
    answer = negotiation().answer(offer("join"), [0], ())
    session, audio, camera = sections(answer.text)
    assert session == [
        "v=0",
        "o=- 1000 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE 0 1",
        "a=msid-semantic:WMS *",
    ]
    assert audio == [
        "m=audio 4478 UDP/TLS/RTP/SAVPF 63 111",
        "c=IN IP4 192.0.2.1",
        "a=mid:0",
        "a=ice-ufrag:ours",
        f"a=ice-pwd:{'p' * 22}",
        f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}",
        "a=setup:passive",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 4478 typ host generation 0",
        "a=candidate:2 1 tcp 1526726399 2001:db8::1 4478 typ host tcptype passive generation 0",
        "a=end-of-candidates",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=rtpmap:63 red/48000/2",
        "a=fmtp:63 111/111",
        "a=rtpmap:111 opus/48000/2",
        "a=rtcp-fb:111 transport-cc",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=sendrecv",
        "a=msid:audio audio",
        "a=ssrc:1001 cname:hubbub",
    ]
    assert camera[0].startswith("m=video 9 UDP/TLS/RTP/SAVPF 96 97 ")
    assert "a=inactive" in camera
    assert not [line for line in camera if line.startswith(("a=candidate", "a=msid", "a=ssrc"))]
    assert answer.audio == Audio("0", 3424154777, 1001, 111, 63, False, MONO_BITRATE, True)
    assert answer.camera is None
    assert answer.tiles == ()
    assert answer.receive_codecs == frozenset()
    assert answer.remote_ufrag == "2qMz"
    assert answer.remote_fingerprint.startswith("82:3D:E5:05:")
    assert {payload.pt: payload.codec for payload in answer.payloads}[63] == "red"
    assert (4, "urn:ietf:params:rtp-hdrext:sdes:mid") in answer.extensions


def test_a_camera_is_answered_sendrecv_with_its_fmtp_whole() -> None:
    offered = offer("camera").replace(
        "a=fmtp:98 profile-id=0", "a=fmtp:98 profile-id=0;x-google-start-bitrate=1000"
    )
    answer = negotiation().answer(offered, [0], WANTED)
    camera = sections(answer.text)[2]
    assert "a=sendrecv" in camera
    assert "a=fmtp:98 profile-id=0;x-google-start-bitrate=1000" in camera
    assert "a=rtcp-fb:98 transport-cc" in camera
    assert answer.camera == CameraSection(
        "1", (Encoding(2, None, 1169657727, 3913304055, 1_500, True),)
    )
    assert answer.receive_codecs == {1, 2, 3, 4, 8, 11}


def test_a_camera_that_is_not_announced_is_none() -> None:
    assert negotiation().answer(offer("camera"), [0], ()).camera is None


def test_the_encodings_of_simulcast_are_named_by_their_rids() -> None:
    wanted = (Wanted(5, 300, True), Wanted(6, 0, False), Wanted(7, 1_200, True))
    answer = negotiation().answer(offer("simulcast"), [], wanted)
    camera = sections(answer.text)[2]
    assert [line for line in camera if "rid:" in line or "simulcast" in line] == [
        "a=rid:low recv",
        "a=rid:mid recv",
        "a=rid:hi recv",
        "a=simulcast:recv low;mid;hi",
    ]
    assert answer.camera is not None
    assert [(each.stream, each.rid, each.active) for each in answer.camera.encodings] == [
        (5, "low", True),
        (6, "mid", False),
        (7, "hi", True),
    ]


def test_tiles_keep_their_ssrcs_while_their_mid_lives() -> None:
    talk = negotiation()
    talk.answer(offer("join"), [0], ())
    first = talk.answer(offer("tiles"), [0, 11, 12, 13], WANTED)
    assert first.tiles == (
        TileSection("2", 1003, 1004, 11),
        TileSection("3", 1005, 1006, 12),
        TileSection("4", 1007, 1008, 13),
    )
    assert first.tracks[0] == Track(11, 1003, "v_2")
    tile = sections(first.text)[3]
    assert tile[-5:] == [
        "a=sendonly",
        "a=msid:v_2 track_2",
        "a=ssrc-group:FID 1003 1004",
        "a=ssrc:1003 cname:hubbub",
        "a=ssrc:1004 cname:hubbub",
    ]
    stopped = talk.answer(offer("stopped"), [0, 11, 0, 13], WANTED)
    session, *rest = sections(stopped.text)
    assert "a=group:BUNDLE 0 1 2 4" in session
    assert session[1] == "o=- 1000 3 IN IP4 127.0.0.1"
    assert rest[3] == [
        "m=video 0 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 0.0.0.0",
        "a=inactive",
        "a=mid:3",
    ]
    assert [tile.mid for tile in stopped.tiles] == ["2", "4"]
    recycled = talk.answer(offer("recycled"), [0, 11, 14, 13], WANTED)
    assert recycled.tiles == (
        TileSection("2", 1003, 1004, 11),
        TileSection("5", 1009, 1010, 14),
        TileSection("4", 1007, 1008, 13),
    )


def test_a_tile_of_nothing_is_inactive_and_has_its_ssrcs_again_later() -> None:
    talk = negotiation()
    before = talk.answer(MINIMAL, [7], ())
    assert "a=inactive" in sections(talk.answer(MINIMAL, [0], ()).text)[2]
    assert talk.answer(MINIMAL, [8], ()).tiles[0].ssrc == before.tiles[0].ssrc
    assert negotiation().answer(MINIMAL, [], ()).tiles == ()


@pytest.mark.parametrize(
    ("parameters", "stereo", "bitrate"),
    [
        ("", False, MONO_BITRATE),
        ("stereo=1;sprop-stereo=1", True, STEREO_BITRATE),
        ("stereo=1;maxaveragebitrate=128000", True, 128_000),
        ("maxaveragebitrate=1", False, 6_000),
        ("maxaveragebitrate=999999999", False, 510_000),
        ("maxaveragebitrate=9999999999", False, MONO_BITRATE),
        ("maxaveragebitrate=x", False, MONO_BITRATE),
    ],
)
def test_the_mix_is_as_the_client_asks(parameters: str, stereo: bool, bitrate: int) -> None:
    text = MINIMAL.replace(
        "opus/48000/2", f"opus/48000/2\r\na=fmtp:111 minptime=10;{parameters}\r\na=recvonly"
    )
    answer = negotiation().answer(text, [], ())
    assert answer.audio == Audio("0", None, 1001, 111, None, stereo, bitrate, False)
    assert "a=sendonly" in sections(answer.text)[1]


def test_a_session_without_audio() -> None:
    audio, video = MINIMAL.index("m=audio"), MINIMAL.index("m=video")
    text = (MINIMAL[:audio] + MINIMAL[video:]).replace("BUNDLE 0 1", "BUNDLE 1")
    text = text.replace("recvonly", "sendonly") + "a=ssrc:9 cname:x\r\n"
    answer = negotiation().answer(text, [0], WANTED)
    assert answer.audio is None
    assert answer.camera == CameraSection("1", (Encoding(2, None, 9, None, 1_500, True),))
    section = sections(answer.text)[1]
    assert section[0] == "m=video 4478 UDP/TLS/RTP/SAVPF 96"
    assert "a=recvonly" in section
    assert "a=rtcp-rsize" not in section


def test_an_audio_section_that_is_inactive_carries_nothing() -> None:
    text = MINIMAL.replace("a=mid:0", "a=mid:0\r\na=inactive")
    assert negotiation().answer(text, [], ()).audio is None


def test_a_camera_that_names_no_ssrc_is_known_by_its_mid() -> None:
    text = MINIMAL.replace("recvonly", "sendrecv")
    camera = negotiation().answer(text, [0], WANTED).camera
    assert camera == CameraSection("1", (Encoding(2, None, None, None, 1_500, True),))


def test_only_the_first_video_section_is_a_camera() -> None:
    text = MINIMAL.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + (
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"
    )
    assert negotiation().answer(text, [7, 0], WANTED).camera is None


def test_sections_of_other_kinds_are_refused_in_place() -> None:
    other = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n"
    second = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
    unknown = "m=text 9 UDP/TLS/RTP/SAVPF 98\r\n"
    answer = negotiation().answer(MINIMAL + other + second + unknown, [7], ())
    assert [section[0] for section in sections(answer.text)[3:]] == [
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "m=audio 0 UDP/TLS/RTP/SAVPF 111",
        "m=text 0 UDP/TLS/RTP/SAVPF 98",
    ]
    assert sections(answer.text)[4][-1] == "a=inactive"
    assert [tile.stream for tile in answer.tiles] == [7]


def test_feedback_may_be_for_all_payloads_and_ipv6_may_lead() -> None:
    local = replace(LOCAL, candidates=LOCAL.candidates[::-1])
    text = MINIMAL + "a=rtcp-fb:* nack pli\r\na=rtcp-fb:* ack ccfb\r\n"
    answer = negotiation(local).answer(text, [7], ())
    assert "a=rtcp-fb:96 nack pli" in answer.text
    assert "ccfb" not in answer.text
    assert "c=IN IP6 2001:db8::1" in answer.text
    bare = negotiation(replace(LOCAL, candidates=())).answer(text, [7], ())
    assert "m=audio 9 " in bare.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BUNDLE 0 1", "BUNDLE 0"),
        ("a=rtcp-mux\r\na=rtpmap:96", "a=rtpmap:96"),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        ("a=setup:actpass", "a=setup:passive"),
        ("a=setup:actpass\r\n", ""),
        ("a=ice-ufrag:abcd\r\n", ""),
        ("sha-256", "sha-512"),
        ("a=rtpmap:96 VP8/90000", "a=rtpmap:111 VP8/90000"),
        (
            "a=rtcp-mux\r\na=rtpmap",
            "a=extmap:4 urn:3gpp:video-orientation\r\na=rtcp-mux\r\na=rtpmap",
        ),
    ],
)
def test_offers_that_cannot_be_served_are_bad(old: str, new: str) -> None:
    text = MINIMAL.replace("SAVPF 96", "SAVPF 96 111") + (
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    )
    negotiation().answer(text, [], ())
    with pytest.raises(BadOffer):
        negotiation().answer(text.replace(old, new, 1 if "extmap" in new else -1), [], ())


def test_a_bad_offer_changes_nothing() -> None:
    talk = negotiation()
    first = talk.answer(MINIMAL, [7], ())
    for broken in ("v=0", MINIMAL.replace("abcd", "other"), offer("join")):
        with pytest.raises(BadOffer):
            talk.answer(broken, [7], ())
    again = talk.answer(MINIMAL, [7], ())
    assert again.tiles == first.tiles
    assert again.text == first.text.replace(" 1 IN IP4", " 2 IN IP4")
