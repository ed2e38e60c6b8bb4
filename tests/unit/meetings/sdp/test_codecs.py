from __future__ import annotations

import pytest

from hubbub.meetings.media.commands import Payload
from hubbub.meetings.sdp.codecs import capability, extensions_of, payloads_of
from hubbub.meetings.sdp.offer import parse
from tests.unit.meetings.sdp import recorded
from tests.unit.meetings.sdp.recorded import MINIMAL


@pytest.mark.parametrize(
    ("codec", "fmtp", "number"),
    [
        ("vp8", "", 1),
        ("h264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f", 2),
        ("h264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", 3),
        ("h264", "packetization-mode=1;profile-level-id=42E034;x-google-start-bitrate=1000", 3),
        ("h264", "packetization-mode=1;profile-level-id=4d001f", 4),
        ("h264", "packetization-mode=1;profile-level-id=64001f", 5),
        ("h264", "packetization-mode=1;profile-level-id=640c1f", 6),
        ("h264", "packetization-mode=0;profile-level-id=42e01f", None),
        ("h264", "packetization-mode=1", None),
        ("h264", "packetization-mode=1;profile-level-id=f4001f", None),
        ("vp9", "", 8),
        ("vp9", "profile-id=0", 8),
        ("vp9", "profile-id=2", None),
        ("av1", "level-idx=5;profile=0;tier=0", 11),
        ("av1", "profile=1", None),
        ("rtx", "apt=96", None),
    ],
)
def test_capability_numbers(codec: str, fmtp: str, number: int | None) -> None:
    assert capability(Payload(96, codec, 90_000, 1, None, fmtp)) == number


def test_of_chromes_audio_opus_and_the_red_that_carries_it_are_taken() -> None:
    audio = parse(recorded.offer("join")).sections[0]
    assert [(each.pt, each.codec, each.apt) for each in payloads_of(audio)] == [
        (63, "red", 111),
        (111, "opus", None),
    ]


def test_red_of_something_else_and_a_second_opus_stay_out() -> None:
    text = MINIMAL.replace("SAVPF 111", "SAVPF 111 112 63 64 65 x").replace(
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:111 opus/48000/2\r\na=rtpmap:112 opus/48000/2\r\na=rtpmap:63 red/48000/2"
        "\r\na=fmtp:63 112/112\r\na=rtpmap:64 red/8000\r\na=fmtp:64 111\r\na=rtpmap:65 red/48000/2",
    )
    assert [each.pt for each in payloads_of(parse(text).sections[0])] == [111]
    without = MINIMAL.replace("opus/48000/2", "opus/16000/1")
    assert payloads_of(parse(without).sections[0]) == ()


def test_of_chromes_video_all_but_red_and_fec_are_taken_with_their_rtx() -> None:
    tile = parse(recorded.offer("tiles")).sections[2]
    taken = payloads_of(tile)
    assert {each.codec for each in taken} == {"vp8", "vp9", "h264", "av1", "rtx"}
    kept = {each.pt for each in taken}
    assert all(each.apt in kept for each in taken if each.codec == "rtx")
    offered = [int(each) for each in tile.formats]
    assert [each.pt for each in taken] == [pt for pt in offered if pt in kept]


def test_extensions_that_packets_need_are_taken_and_no_others() -> None:
    text = (
        MINIMAL
        + "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        + "a=extmap:15 urn:3gpp:video-orientation\r\n"
        + "a=extmap:9 https://aomediacodec.github.io/av1-rtp-spec/"
        + "#dependency-descriptor-rtp-header-extension\r\n"
        + "a=extmap:3/sendonly http://www.ietf.org/id/"
        + "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
    )
    assert [number for number, _ in extensions_of(parse(text).sections[1])] == [4, 3]
