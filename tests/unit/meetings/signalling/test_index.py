"""INDEX and BITRATES, for each receiver (chime-meetings B.5, B.7, A.5)."""

from __future__ import annotations

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.media import events
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.effects import SendAll
from tests.unit.meetings.signalling.house import House, Type


def test_a_camera_is_shown_once_its_media_are_up() -> None:
    house = House()
    bob = house.enter("bob")
    ann = house.opened("ann")
    ann.join()
    ann.subscribe(camera="on")
    house.advance(1)
    assert bob.shown == []
    house.clear()
    ann.connect()
    assert bob.kinds == ["AUDIO_STREAM_ID_INFO", "INDEX"]
    assert bob.index is not None
    (source,) = bob.index.sources
    assert source.stream_id == ann.streams[0]
    assert source.group_id == ann.group
    assert (source.attendee_id, source.external_user_id) == ("ann", "user-ann")
    assert source.media_type == pb.VIDEO
    assert (source.max_bitrate_kbps, source.framerate) == (1500, 15)
    assert source.track_label == "AmazonChimeExpressVideo"


def test_nobody_is_shown_its_own_camera_or_share() -> None:
    house = House()
    ann = house.enter("ann", camera="on")
    share = house.enter("ann", content=True, camera="on")
    bob = house.enter("bob", camera="on")
    assert ann.shown == ["bob"]
    assert bob.shown == ["ann", "ann#content"]
    assert share.shown == []


def test_layers_that_are_off_are_left_out() -> None:
    house = House()
    bob = house.enter("bob")
    ann = house.enter("ann", camera="simulcast")
    low, mid, hi = ann.streams
    assert set(bob.sources) == {low, hi}
    ann.subscribe(camera="simulcast", kbps=[300, 600, 0])
    assert set(bob.sources) == {low, mid}
    ann.subscribe(camera="simulcast", kbps=[0, 0, 0])
    assert bob.sources == {}
    ann.subscribe()
    assert bob.sources == {}


def test_only_a_change_is_sent() -> None:
    house = House()
    ann, bob = house.enter("ann", camera="on"), house.enter("bob")
    house.advance(1)
    house.clear()
    ann.subscribe(camera="on")
    ann.subscribe(camera="on")
    house.advance(1)
    assert bob.got(Type.INDEX) == []
    assert ann.got(Type.INDEX) == []


def test_receivers_with_the_same_view_share_one_frame() -> None:
    house = House()
    watchers = [house.enter(name) for name in ("bob", "cy", "dan")]
    ann = house.enter("ann")
    house.clear()
    ann.subscribe(camera="on")
    shared = [effect for effect in house.effects if isinstance(effect, SendAll)]
    assert {each.number for each in watchers} in [set(effect.sessions) for effect in shared]
    assert len(shared) == 2  # the other is for the sender, of the codecs


def test_the_number_of_participants_is_gathered_and_leaves_out_shares() -> None:
    house = House()
    ann = house.enter("ann")
    house.clear()
    for name in ("bob", "cy", "dan"):
        client = house.opened(name)
        client.join()
        client.subscribe()
        client.connect()
    house.enter("bob", content=True)
    house.advance(0.2)
    assert ann.index is not None
    assert ann.index.num_participants == 4
    assert len(ann.got(Type.INDEX)) == 1


def test_codecs_are_what_everybody_can_receive() -> None:
    house = House()
    ann = house.enter("ann")
    assert ann.index is not None
    assert ann.index.supported_receive_codec_intersection == []
    ann.subscribe(watch=[1])
    bob = house.enter("bob")
    bob.subscribe(watch=[1], codecs=(8, 3))
    house.advance(1)
    assert list(ann.index.supported_receive_codec_intersection) == [3, 8]
    bob.leave()
    house.advance(1)
    assert list(ann.index.supported_receive_codec_intersection) == [1, 3, 8]


def test_starved_sources_are_named_to_those_who_see_them() -> None:
    house = House()
    ann, bob = house.enter("ann", camera="on"), house.enter("bob")
    assert house.room.meeting is not None
    house.media(events.Starved(house.room.meeting, (*ann.streams, 99)))
    assert bob.index is not None
    assert list(bob.index.paused_at_source_ids) == ann.streams
    assert ann.index is not None
    assert list(ann.index.paused_at_source_ids) == []
    house.media(events.Starved(house.room.meeting, ()))
    assert list(bob.index.paused_at_source_ids) == []


def test_too_large_a_picture_is_hidden_until_it_fits() -> None:
    house = House()
    ann, bob = house.enter("ann", camera="simulcast"), house.enter("bob")
    low, _, hi = ann.streams
    house.clear()
    house.source(hi, "too_large")
    house.source(hi, "too_large")
    notification = ann.one(Type.NOTIFICATION).notification
    assert notification.level == pb.SdkNotificationFrame.ERROR
    assert notification.message == (
        "Disabled video/content send capability, reason: Video resolution is above limit of"
        " current meeting feature selection."
    )
    assert set(bob.sources) == {low}
    house.source(low, "too_large")
    assert ann.one(Type.NOTIFICATION)
    assert bob.sources == {}
    ann.subscribe(camera="simulcast")
    assert bob.sources == {}
    house.source(low, "fits")
    house.source(hi, "fits")
    house.source(hi, "fits")
    assert set(bob.sources) == {low, hi}
    house.source(hi, "live")
    house.source(4711, "too_large")
    assert set(bob.sources) == {low, hi}


def test_bitrates_name_what_a_receiver_sees_and_its_downlink() -> None:
    house = House()
    ann, bob = house.enter("ann", camera="on"), house.enter("bob")
    house.opened("cy").join()
    house.clear()
    assert house.room.meeting is not None
    rates = ((ann.streams[0], 700_000), (99, 5))
    house.media(events.Bitrates(house.room.meeting, rates, ((ann.number, 2_500_000),)))
    told = bob.one(Type.BITRATES).bitrates
    assert list(told.bitrates) == [
        pb.SdkBitrate(source_stream_id=ann.streams[0], avg_bitrate_bps=700_000)
    ]
    assert not told.HasField("server_available_outgoing_bitrate")
    told = ann.one(Type.BITRATES).bitrates
    assert not told.bitrates
    assert told.server_available_outgoing_bitrate == 2500


def test_without_bitrates_nothing_is_sent() -> None:
    house = House()
    house.enter("ann")
    house.clear()
    assert house.room.meeting is not None
    house.media(events.Bitrates(house.room.meeting, (), ()))
    assert house.effects == []


def test_video_that_goes_on_and_off_is_told_of() -> None:
    house = House()
    ann = house.enter("ann")
    share = house.enter("ann", content=True)
    house.clear()
    ann.subscribe(camera="on")
    share.subscribe(camera="on")
    ann.subscribe()
    share.leave()
    assert house.told() == [
        ("AttendeeVideoStarted", "ann"),
        ("AttendeeContentVideoStarted", "ann#content"),
        ("AttendeeVideoStopped", "ann"),
        ("AttendeeContentLeft", "ann#content"),
        ("AttendeeContentVideoStopped", "ann#content"),
    ]


def test_at_capacity_tells_who_may_not_send_video() -> None:
    house = House()
    ann = house.enter("ann", capabilities=Capabilities(video="Receive"))
    assert ann.index is not None
    assert ann.index.at_capacity
    house.change("ann")
    assert not ann.index.at_capacity


def test_the_engines_own_pauses_are_passed_on() -> None:
    house = House()
    ann = house.enter("ann")
    house.clear()
    house.media(events.Paused(ann.number, (4, 5)))
    house.media(events.Resumed(ann.number, (4,)))
    assert ann.kinds == ["PAUSE", "RESUME"]
    assert [list(frame.pause.group_ids) for frame in ann.frames] == [[4, 5], [4]]
