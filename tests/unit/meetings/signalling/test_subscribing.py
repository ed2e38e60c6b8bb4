"""SUBSCRIBE and its answer: ids, tracks, compression, errors (chime-meetings B.4 to B.7)."""

from __future__ import annotations

import pytest

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.media import commands
from hubbub.meetings.signalling import signal_pb2 as pb
from tests.unit.meetings.signalling.house import Client, House, Type
from tests.unit.meetings.signalling.offers import FINGERPRINT, offer


def status(client: Client) -> int:
    return client.one(Type.SUBSCRIBE_ACK).error.status


def test_the_first_answer_comes_with_the_roster() -> None:
    house = House()
    house.enter("bob")
    ann = house.opened("ann")
    ann.join()
    house.clear()
    ann.subscribe()
    assert ann.kinds == ["SUBSCRIBE_ACK", "AUDIO_STREAM_ID_INFO"]
    assert ann.answer().startswith("v=0\r\n")
    assert ann.model.present == {"bob"}


def test_the_media_engine_learns_all_before_the_client() -> None:
    house = House()
    ann = house.opened("ann", capabilities=Capabilities(audio="Receive"))
    ann.join()
    house.clear()
    ann.subscribe(muted=True, camera="on")
    create, opened, configure = house.commands
    assert isinstance(create, commands.CreateMeeting)
    assert create.meeting == house.room.meeting
    assert isinstance(opened, commands.OpenSession)
    assert (opened.meeting, opened.session) == (create.meeting, ann.number)
    assert (opened.local_ufrag, opened.remote_ufrag) == ("ours", "abcd")
    assert opened.fingerprint == FINGERPRINT
    assert opened.muted
    assert not opened.content
    assert opened.gates == commands.Gates(audio_send=False)
    assert isinstance(configure, commands.Configure)
    assert configure.audio is not None
    assert configure.audio.mid == "0"
    assert configure.camera is not None
    assert configure.camera.group == ann.group
    assert [each.stream for each in configure.camera.encodings] == ann.streams
    assert type(house.effects[0]).__name__ == "Command"


def test_a_meeting_is_created_in_the_engine_once_with_its_limits() -> None:
    house = House(video_limit=(1280, 720), content_limit=(1920, 1080))
    house.enter("ann")
    house.enter("bob")
    (create,) = house.given(commands.CreateMeeting)
    assert (create.video_limit, create.content_limit) == ((1280, 720), (1920, 1080))


def test_both_halves_of_an_attendee_are_one_to_the_engine() -> None:
    house = House()
    house.enter("ann")
    house.enter("ann", content=True)
    house.enter("bob")
    ann, content, bob = house.given(commands.OpenSession)
    assert ann.attendee == content.attendee != bob.attendee
    assert [each.content for each in (ann, content, bob)] == [False, True, False]


def test_one_encoding_keeps_its_ids_over_resubscribes() -> None:
    house = House()
    ann = house.enter("ann", camera="on")
    stream, group = ann.streams, ann.group
    assert ann.ack is not None
    assert ann.ack.allocations[0].track_label == "AmazonChimeExpressVideo"
    ann.subscribe(camera="on", kbps=[600], watch=[99])
    assert (ann.streams, ann.group) == (stream, group)


def test_a_camera_that_was_off_gets_new_and_higher_ids() -> None:
    house = House()
    ann = house.enter("ann", camera="on")
    (stream,), group = ann.streams, ann.group
    ann.subscribe()
    assert ann.streams == []
    ann.subscribe(camera="on")
    assert ann.streams[0] > stream
    assert ann.group > group


def test_layers_keep_their_ids_while_they_are_off() -> None:
    house = House()
    ann = house.enter("ann", camera="simulcast")
    streams = ann.streams
    assert len(set(streams)) == 3
    ann.subscribe(camera="simulcast", kbps=[300, 600, 0])
    assert ann.streams == streams
    configure = house.given(commands.Configure)[-1]
    assert configure.camera is not None
    assert [each.active for each in configure.camera.encodings] == [True, True, False]
    assert [each.rid for each in configure.camera.encodings] == ["low", "mid", "hi"]


def test_another_number_of_layers_gets_new_streams_in_the_same_group() -> None:
    house = House()
    ann = house.enter("ann", camera="on")
    (single,), group = ann.streams, ann.group
    ann.subscribe(camera="simulcast")
    assert ann.group == group
    assert min(ann.streams) > single
    assert len(ann.streams) == 3


def test_no_more_encodings_than_a_client_has() -> None:
    house = House()
    ann = house.enter("ann")
    ann.subscribe(camera="simulcast", kbps=[100] * 20)
    assert len(ann.streams) == 3


def test_descriptors_without_a_sending_section_publish_nothing() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    ann.subscribe(camera="off", kbps=[1500])  # RX
    assert ann.streams == []
    sub = pb.SdkSubscribeFrame(
        duplex=pb.DUPLEX,
        sdp_offer=offer(),
        send_streams=[pb.SdkStreamDescriptor(media_type=pb.VIDEO, max_bitrate_kbps=1500)],
    )
    ann.send(Type.SUBSCRIBE, sub=sub)
    assert ann.streams == []
    house.advance(1)
    assert bob.shown == []


def test_tracks_name_the_streams_asked_for_by_section() -> None:
    house = House()
    ann, bob = house.enter("ann", camera="on"), house.enter("bob")
    house.clear()
    bob.subscribe(watch=[0, ann.streams[0]])
    assert bob.ack is not None
    (track,) = bob.ack.tracks
    assert (track.stream_id, track.track_label) == (ann.streams[0], "v_3")
    assert f"a=ssrc:{track.ssrc} " in bob.answer()
    configure, subscribe = house.commands
    assert isinstance(configure, commands.Configure)
    (tile,) = configure.tiles
    assert (tile.mid, tile.ssrc, tile.stream, tile.group) == (
        "3", track.ssrc, ann.streams[0], ann.group,
    )  # fmt: skip
    assert isinstance(subscribe, commands.Subscribe)
    assert subscribe.subscriptions == (
        commands.Subscription("3", ann.streams[0], ann.group, 0, 0, 1),
    )


def test_a_stream_that_is_not_there_gets_a_section_and_no_group() -> None:
    house = House()
    ann = house.enter("ann")
    ann.subscribe(watch=[4711])
    (tile,) = house.given(commands.Configure)[-1].tiles
    assert (tile.stream, tile.group) == (4711, 0)


def test_no_more_videos_than_the_limit_are_received() -> None:
    house = House(received=2)
    ann = house.enter("ann")
    ann.subscribe(watch=[11, 0, 12, 13])
    assert ann.ack is not None
    assert [track.stream_id for track in ann.ack.tracks] == [11, 12]


def test_answers_are_compressed_with_the_one_before_if_so_agreed() -> None:
    house = House()
    ann = house.opened("ann")
    ann.join(wants_compressed_sdp=True)
    ann.subscribe(compressed=True)
    assert ann.ack is not None
    assert not ann.ack.sdp_answer
    first = len(ann.ack.compressed_sdp_answer)
    assert "m=audio" in ann.answer()
    ann.subscribe(compressed=True)
    assert len(ann.ack.compressed_sdp_answer) < first / 2
    assert "m=audio" in ann.answer()


@pytest.mark.parametrize(
    "sub",
    [
        pb.SdkSubscribeFrame(),
        pb.SdkSubscribeFrame(sdp_offer="v=0\r\n"),
        pb.SdkSubscribeFrame(compressed_sdp_offer=b"\xff\xff"),
        pb.SdkSubscribeFrame(sdp_offer="v=0", duplex=pb.DUPLEX, send_streams=[{"media_type": 2}]),
    ],
)
def test_an_offer_that_cannot_be_answered_is_a_bad_request(sub: pb.SdkSubscribeFrame) -> None:
    house = House()
    ann = house.opened("ann")
    ann.join()
    house.clear()
    ann.send(Type.SUBSCRIBE, sub=sub)
    assert ann.kinds == ["SUBSCRIBE_ACK"]
    assert status(ann) == 400
    assert house.commands == []


def test_a_bad_offer_leaves_what_was_published() -> None:
    house = House()
    ann, bob = house.enter("ann", camera="on"), house.enter("bob")
    house.clear()
    ann.send(Type.SUBSCRIBE, sub=pb.SdkSubscribeFrame(sdp_offer="nonsense"))
    assert status(ann) == 400
    house.advance(1)
    assert bob.shown == ["ann"]


def test_subscribe_before_join_is_a_bad_request() -> None:
    ann = House().opened("ann")
    ann.subscribe()
    assert status(ann) == 400


def test_a_meeting_full_of_cameras_makes_view_only() -> None:
    house = House(cameras=2)
    house.enter("ann", camera="on")
    bob = house.enter("bob", camera="on")
    cy = house.enter("cy")
    assert cy.index is not None
    assert cy.index.at_capacity
    assert bob.index is not None
    assert not bob.index.at_capacity
    house.clear()
    cy.subscribe(camera="on")
    assert status(cy) == 206
    assert cy.streams == []
    assert "m=audio" in cy.answer()
    assert house.given(commands.Configure)[-1].camera is None
    house.advance(1)
    assert bob.shown == ["ann"]
    house.clear()
    bob.subscribe(camera="on")  # who publishes may go on
    assert status(bob) == 0


def test_a_camera_that_goes_makes_place_for_another() -> None:
    house = House(cameras=1)
    ann = house.enter("ann", camera="on")
    bob = house.enter("bob")
    ann.subscribe()
    assert bob.index is not None
    assert not bob.index.at_capacity
    house.clear()
    bob.subscribe(camera="on")
    assert status(bob) == 0
    assert ann.shown == ["bob"]


def test_who_may_not_send_video_takes_nobodys_place() -> None:
    house = House(cameras=1)
    house.enter("ann", camera="on", capabilities=Capabilities(video="Receive"))
    bob = house.enter("bob", camera="on")
    assert bob.streams
    assert bob.index is not None
    assert not bob.index.at_capacity


def test_one_share_too_many_is_ended_before_anybody_learns_of_it() -> None:
    house = House()
    ann = house.enter("ann", content=True, camera="on")
    house.enter("bob", content=True)  # of nothing but sound
    cy = house.enter("cy")
    late = house.opened("cy", content=True)
    late.join()
    assert late.index is not None
    assert late.index.at_capacity
    house.clear()
    late.subscribe()
    assert status(late) == 509
    assert house.commands == []
    late.connect()
    assert "cy#content" not in cy.model.present
    house.clear()
    ann.subscribe()  # who has a place keeps it
    assert status(ann) == 0
    ann.leave()
    late.subscribe()
    late.connect()
    assert "cy#content" in cy.model.present


def test_shares_and_cameras_count_apart() -> None:
    house = House(cameras=1, shares=1)
    assert house.enter("ann", camera="on").streams
    assert house.enter("ann", content=True, camera="on").streams


# wishes: which layer a tile shows


def wish(mid: str, **more: int) -> pb.SdkVideoSubscriptionConfiguration:
    return pb.SdkVideoSubscriptionConfiguration(mid=mid, **more)  # type: ignore[arg-type]


def watching(adaptation: int) -> tuple[House, Client, Client]:
    house = House()
    ann = house.enter("ann", camera="simulcast")
    bob = house.opened("bob")
    bob.join(server_side_network_adaption=adaptation)
    bob.subscribe(
        watch=[ann.streams[0]],
        wishes=[wish("2", group_id=ann.group, priority=7, target_bitrate_kbps=600)],
    )
    return house, ann, bob


def test_the_server_picks_the_layer_where_it_is_to_adapt() -> None:
    house, ann, bob = watching(pb.BANDWIDTH_PROBING_AND_VIDEO_QUALITY_ADAPTION)
    (subscribe,) = house.given(commands.Subscribe)
    assert subscribe.subscriptions == (commands.Subscription("2", 0, ann.group, 7, 600, 1),)
    house.clear()
    both = wish("2", group_id=ann.group, stream_id=ann.streams[2], quality_adaptation_preference=3)
    bob.send(
        Type.REMOTE_VIDEO_UPDATE,
        remote_video_update=pb.SdkRemoteVideoUpdateFrame(
            added_or_updated_video_subscriptions=[both]
        ),
    )
    assert house.given(commands.Subscribe)[0].subscriptions == (
        commands.Subscription("2", 0, ann.group, 0, 0, 3),
    )


def test_a_named_stream_is_taken_at_its_word_otherwise() -> None:
    house, ann, bob = watching(pb.DEFAULT)
    house.clear()
    update = pb.SdkRemoteVideoUpdateFrame(
        added_or_updated_video_subscriptions=[
            wish("2", stream_id=ann.streams[2], target_bitrate_kbps=1500),
            wish("9", stream_id=ann.streams[2]),
        ],
        removed_video_subscription_mids=["9"],
    )
    bob.send(Type.REMOTE_VIDEO_UPDATE, remote_video_update=update)
    assert house.commands == [
        commands.Subscribe(
            bob.number,
            (commands.Subscription("2", ann.streams[2], ann.group, 0, 1500, 1),),
        )
    ]
    assert bob.frames == []


def test_a_stream_alone_is_taken_at_its_word_where_the_server_adapts_too() -> None:
    house, ann, bob = watching(pb.BANDWIDTH_PROBING_AND_VIDEO_QUALITY_ADAPTION)
    house.clear()
    update = pb.SdkRemoteVideoUpdateFrame(
        added_or_updated_video_subscriptions=[wish("2", stream_id=ann.streams[2])]
    )
    bob.send(Type.REMOTE_VIDEO_UPDATE, remote_video_update=update)
    assert house.given(commands.Subscribe)[0].subscriptions == (
        commands.Subscription("2", ann.streams[2], ann.group, 0, 0, 1),
    )


def test_a_configuration_without_ids_keeps_the_stream_of_the_tile() -> None:
    house, ann, bob = watching(pb.DEFAULT)
    house.clear()
    update = pb.SdkRemoteVideoUpdateFrame(
        added_or_updated_video_subscriptions=[wish("2", priority=5)]
    )
    bob.send(Type.REMOTE_VIDEO_UPDATE, remote_video_update=update)
    (subscription,) = house.given(commands.Subscribe)[0].subscriptions
    assert (subscription.stream, subscription.group) == (ann.streams[0], ann.group)


def test_a_removed_mid_is_served_no_longer() -> None:
    house, _, bob = watching(pb.DEFAULT)
    house.clear()
    update = pb.SdkRemoteVideoUpdateFrame(removed_video_subscription_mids=["2", "77"])
    bob.send(Type.REMOTE_VIDEO_UPDATE, remote_video_update=update)
    assert house.commands == [commands.Unsubscribe(bob.number, ("2",))]


def test_pausing_and_resuming_go_to_the_engine() -> None:
    house, ann, bob = watching(pb.DEFAULT)
    house.clear()
    body = pb.SdkPauseResumeFrame(stream_ids=[ann.streams[0], 4711])
    bob.send(Type.PAUSE, pause=body)
    bob.send(Type.RESUME, pause=body)
    assert house.commands == [
        commands.Pause(bob.number, (ann.streams[0],)),
        commands.Resume(bob.number, (ann.streams[0],)),
    ]
    house.clear()
    bob.send(Type.PAUSE, pause=pb.SdkPauseResumeFrame(stream_ids=[4711]))
    bob.send(Type.RESUME, pause=pb.SdkPauseResumeFrame(stream_ids=[4711]))
    assert house.commands == []
