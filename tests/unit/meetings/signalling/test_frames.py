from __future__ import annotations

import pytest

from hubbub.meetings.signalling import frames
from hubbub.meetings.signalling import signal_pb2 as pb

PING = pb.SdkSignalFrame(
    timestamp_ms=1, type="PING_PONG", ping_pong=pb.SdkPingPongFrame(type=pb.PING, ping_id=7)
)


def wire(frame: pb.SdkSignalFrame) -> bytes:
    return frames.RTC + frame.SerializePartialToString()


def test_a_frame_is_one_byte_and_a_message() -> None:
    assert frames.decode(wire(PING)) == PING


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x05",  # a message without its required members
        b"\x04" + PING.SerializeToString(),
        PING.SerializeToString(),
        wire(PING)[:-1],
        b"\x05\xff\xff\xff",
        b"\x05" + b"\x00" * frames.MOST_BYTES,
        wire(pb.SdkSignalFrame(timestamp_ms=1)),
        wire(pb.SdkSignalFrame(type="JOIN")),
        b"\x05\x10\x63",  # of an unknown type and without a time
        wire(pb.SdkSignalFrame(timestamp_ms=1, type="PING_PONG", ping_pong={"ping_id": 1})),
    ],
)
def test_what_is_no_frame_is_undecodable(data: bytes) -> None:
    with pytest.raises(frames.Undecodable):
        frames.decode(data)


def test_a_type_of_later_clients_is_passed_over() -> None:
    assert frames.decode(b"\x05\x08\x01\x10\x63") is None


def test_unknown_members_are_skipped() -> None:
    decoded = frames.decode(wire(PING) + b"\xf8\x3f\x01")
    assert decoded is not None
    assert decoded.ping_pong == PING.ping_pong


def test_text_that_is_not_utf_8_is_undecodable() -> None:
    offer = frames.part(6, b"\x22\x02\xff\xfe")
    with pytest.raises(frames.Undecodable):
        frames.decode(b"\x05\x08\x01\x10\x03" + offer)


def test_lists_are_bounded() -> None:
    def subscribe(count: int) -> bytes:
        sub = pb.SdkSubscribeFrame(receive_stream_ids=[0] * count)
        return wire(pb.SdkSignalFrame(timestamp_ms=1, type="SUBSCRIBE", sub=sub))

    assert frames.decode(subscribe(frames.MOST_ITEMS))
    with pytest.raises(frames.Undecodable):
        frames.decode(subscribe(frames.MOST_ITEMS + 1))


def test_text_is_bounded_and_offers_may_be_longer() -> None:
    def subscribe(**text: str) -> bytes:
        sub = pb.SdkSubscribeFrame(**text)  # type: ignore[arg-type]
        return wire(pb.SdkSignalFrame(timestamp_ms=1, type="SUBSCRIBE", sub=sub))

    long = "x" * (frames.MOST_CHARACTERS + 1)
    assert frames.decode(subscribe(sdp_offer=long, audio_host="x" * frames.MOST_CHARACTERS))
    with pytest.raises(frames.Undecodable):
        frames.decode(subscribe(audio_host=long))


def test_metrics_are_not_looked_into() -> None:
    metrics = pb.SdkClientMetricFrame(
        global_metrics=[pb.SdkMetric(type=999, value=1.0)] * (frames.MOST_ITEMS + 1)
    )
    frame = pb.SdkSignalFrame(timestamp_ms=1, type="CLIENT_METRIC", client_metric=metrics)
    assert frames.decode(wire(frame)) == frame


def test_encoded_frames_hold_their_time_their_body_and_an_error() -> None:
    body = pb.SdkAudioStatusFrame(audio_status=410)
    frame = frames.decode(frames.encode(frames.AUDIO_STATUS, 1_800_000_000.5, body, (403, "no")))
    assert frame == pb.SdkSignalFrame(
        timestamp_ms=1_800_000_000_500,
        type="AUDIO_STATUS",
        audio_status=body,
        error=pb.SdkErrorFrame(status=403, description="no"),
    )


def test_a_body_may_be_put_together_from_parts_of_any_length() -> None:
    descriptors = [pb.SdkStreamDescriptor(track_label="x" * size) for size in (0, 100, 300, 20_000)]
    body = b"".join(frames.part(2, each.SerializeToString()) for each in descriptors)
    frame = frames.decode(frames.encode(frames.SUBSCRIBE_ACK, 1.0))
    assert frame is not None
    assert frame.HasField("suback")
    index = pb.SdkSignalFrame.FromString(frames.encode(frames.INDEX, 1.0, body)[1:])
    assert list(index.index.sources) == descriptors
