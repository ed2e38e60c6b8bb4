"""JOIN, JOIN_ACK, the first INDEX (chime-meetings B.5)."""

from __future__ import annotations

from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.rules import TurnCredentials
from tests.unit.meetings.signalling.house import House, Type


def test_pings_are_answered_from_the_start() -> None:
    client = House().opened("ann")
    client.send(Type.PING_PONG, ping_pong=pb.SdkPingPongFrame(type=pb.PING, ping_id=3))
    assert client.one(Type.PING_PONG).ping_pong == pb.SdkPingPongFrame(type=pb.PONG, ping_id=3)


def test_a_pong_is_not_answered() -> None:
    client = House().opened("ann")
    client.send(Type.PING_PONG, ping_pong=pb.SdkPingPongFrame(type=pb.PONG, ping_id=3))
    assert client.frames == []


def test_join_is_acknowledged_and_the_index_follows() -> None:
    client = House().opened("ann")
    client.join(wants_compressed_sdp=True)
    assert client.kinds == ["JOIN_ACK", "INDEX"]
    ack = client.frames[0].joinack
    assert ack.video_subscription_limit == 25
    assert ack.wants_compressed_sdp
    assert ack.default_server_side_network_adaption == 4
    index = client.frames[1].index
    assert index.HasField("at_capacity")
    assert not index.at_capacity
    assert index.num_participants == 1
    assert not index.sources


def test_who_does_not_want_compression_is_not_given_it() -> None:
    client = House().opened("ann")
    client.join()
    assert not client.one(Type.JOIN_ACK).joinack.wants_compressed_sdp


def test_credentials_without_uris_keep_clients_from_waiting_for_more_candidates() -> None:
    client = House().opened("ann")
    client.join()
    ack = client.one(Type.JOIN_ACK).joinack
    assert ack.HasField("turn_credentials")
    assert not ack.turn_credentials.uris


def test_turn_is_offered_where_an_operator_runs_it() -> None:
    turn = TurnCredentials("name", "secret", 300, ("turn:example:3478",))
    client = House(turn=turn).opened("ann")
    client.join()
    credentials = client.one(Type.JOIN_ACK).joinack.turn_credentials
    assert (credentials.username, credentials.password) == ("name", "secret")
    assert (credentials.ttl, list(credentials.uris)) == (300, ["turn:example:3478"])


def test_a_second_join_is_acknowledged_and_changes_nothing() -> None:
    house = House()
    client = house.enter("ann")
    house.clear()
    client.join(wants_compressed_sdp=True)
    assert client.kinds == ["JOIN_ACK", "INDEX"]
    assert not client.one(Type.JOIN_ACK).joinack.wants_compressed_sdp
    assert (house.commands, house.occurred) == ([], [])


def test_a_full_meeting_says_so_in_join_ack() -> None:
    house = House(attendees=2)
    ann = house.enter("ann")
    house.enter("bob")
    late = house.opened("cy")
    late.join()
    ack = late.one(Type.JOIN_ACK)
    assert ack.HasField("joinack")
    assert ack.error.status == 409
    assert late.closed == 4403
    ann.leave()
    assert house.enter("cy").closed == 0


def test_a_full_meeting_takes_content_and_those_who_come_back() -> None:
    house = House(attendees=2)
    house.enter("ann")
    house.enter("bob")
    assert house.enter("ann", content=True).closed == 0
    assert house.enter("ann").closed == 0


def test_a_socket_on_which_nobody_joins_is_closed() -> None:
    house = House()
    client = house.opened("ann")
    house.enter("bob")
    house.advance(59)
    assert client.closed == 0
    house.advance(2)
    assert client.closed == 4400
    assert client.statuses == []


def test_an_attendee_that_comes_again_is_told_of_as_authorized() -> None:
    house = House()
    ann = house.enter("ann")
    ann.leave()
    house.clear()
    house.opened("ann", content=True).join()
    assert house.told() == []
    house.opened("ann").join()
    assert house.told() == [("AttendeeAuthorized", "ann")]


def test_ids_grow_over_a_restart_of_the_server() -> None:
    house = House()
    ann = house.enter("ann", camera="on")
    house.advance(1)
    house.room = house.new_room()
    again = house.enter("ann", camera="on")
    assert again.group > ann.group
    assert min(again.model.streams) > max(ann.model.streams)


def test_frames_of_unknown_sessions_lead_to_nothing() -> None:
    house = House()
    assert house.room.frame(99, b"\x05", house.now) == []
    assert house.room.socket_closed(99, house.now) == []
    assert house.room.verified(99, None, house.now) == []


def test_frames_before_their_phase_lead_to_nothing() -> None:
    house = House()
    client = house.opened("ann")
    client.mute(True)
    client.promote("bob")
    client.say(b"early")
    client.send(Type.PAUSE, pause=pb.SdkPauseResumeFrame(stream_ids=[1]))
    client.send(Type.INDEX, index=pb.SdkIndexFrame())
    assert house.effects == []


def test_metrics_and_timings_are_not_answered() -> None:
    house = House()
    client = house.enter("ann")
    house.clear()
    client.send(Type.CLIENT_METRIC, client_metric=pb.SdkClientMetricFrame())
    client.send(
        Type.MEETING_SESSION_TIMING, meeting_session_timing=pb.SdkMeetingSessionTimingFrame()
    )
    assert house.effects == []


def test_the_audio_connections_of_a_meeting_and_its_replicas_count_apart() -> None:
    house = House()
    assert not house.room.has_audio("primary")
    house.enter("ann")
    assert house.room.has_audio("primary")
    assert not house.room.has_audio("replica")
    viewer = house.enter("vic", replica=True)
    assert house.room.has_audio("replica")
    viewer.leave()
    assert not house.room.has_audio("replica")
