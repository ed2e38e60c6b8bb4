"""Reconnects, second devices, lost sockets and lost media (chime-meetings A.6, B.8, B.9, B.11)."""

from __future__ import annotations

import pytest

from hubbub.meetings.media import commands, events
from tests.unit.meetings.signalling.house import Client, House, Type

CLIENT = 4711  # an audio_session_id


def entered(house: House, name: str = "ann", **more: int) -> Client:
    client = house.opened(name)
    client.join(audio_session_id=CLIENT)
    client.subscribe(camera="on")
    client.connect()
    house.advance(0.2)
    return client


def test_a_quick_reconnect_flickers_at_nobody() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    before = bob.model.events.copy()
    stream, group, audio = ann.streams[0], ann.group, max(bob.model.streams)
    ann.socket_closes(1006)
    house.advance(1)
    house.clear()
    again = house.opened("ann", model=ann.model)
    again.join(audio_session_id=CLIENT)
    assert bob.shown == ["ann"]
    again.subscribe(camera="on")
    assert again.model.present == {"ann", "bob"}
    assert bob.shown == ["ann"]
    again.connect()
    house.advance(20)
    assert bob.model.events == before
    assert bob.model.present == {"ann", "bob"}
    assert max(bob.model.streams) > audio
    assert again.model.events == [("bob", True), ("ann", True)]
    assert again.group > group
    assert again.streams[0] > stream
    assert bob.sources == {again.streams[0]: "ann"}
    assert house.told() == [("AttendeeAuthorized", "ann")]
    (close,) = house.given(commands.CloseSession)
    assert close.session == ann.number


def test_the_new_connection_is_announced_before_the_old_is_taken_back() -> None:
    house = House()
    bob = house.enter("bob")
    entered(house)
    house.clear()
    entered(house)
    streams = [
        (info.attendee_id, info.HasField("muted"))
        for frame in bob.got(Type.AUDIO_STREAM_ID_INFO)
        for info in frame.audio_stream_id_info.streams
    ]
    assert streams == [("ann", True), ("", False)]


def test_the_old_media_end_when_the_new_ones_begin() -> None:
    house = House()
    ann = entered(house)
    house.clear()
    again = house.opened("ann")
    again.join(audio_session_id=CLIENT)
    assert house.commands == []
    again.subscribe()
    assert [type(command) for command in house.commands] == [
        commands.CloseSession,
        commands.OpenSession,
        commands.Configure,
    ]
    assert house.given(commands.CloseSession)[0].session == ann.number


def test_the_same_client_is_not_told_of_another_device() -> None:
    house = House()
    ann = entered(house)
    entered(house)
    assert ann.statuses == []
    assert ann.closed == 4401


@pytest.mark.parametrize("audio_session_id", [CLIENT + 1, 0])
def test_another_device_ends_the_first(audio_session_id: int) -> None:
    house = House()
    bob = house.enter("bob")
    ann = entered(house)
    house.clear()
    other = house.opened("ann")
    other.join(audio_session_id=audio_session_id)
    assert ann.statuses == [301]
    assert ann.closed == 4401
    assert not ann.has_gone()
    house.advance(0.06)
    assert ann.has_gone()
    other.subscribe()
    other.connect()
    assert bob.model.events == [("bob", True), ("ann", True)]
    assert bob.model.present == {"ann", "bob"}


def test_clients_without_an_audio_session_id_are_different_ones() -> None:
    house = House()
    ann = house.enter("ann")
    house.enter("ann")
    assert ann.statuses == [301]


def test_a_connection_that_was_not_up_is_dropped_for_the_next() -> None:
    house = House()
    ann = house.opened("ann")
    ann.join()
    ann.subscribe()
    house.clear()
    house.opened("ann").join()
    assert house.commands == [commands.CloseSession(ann.number)]
    ann.connect()  # crossed on its way
    assert house.told() == [("AttendeeAuthorized", "ann")]


def test_a_share_and_its_attendee_do_not_take_each_others_place() -> None:
    house = House()
    ann = house.enter("ann")
    share = house.enter("ann", content=True)
    assert (ann.closed, share.closed) == (0, 0)
    again = house.enter("ann", content=True)
    assert (ann.closed, share.closed, again.closed) == (0, 4401, 0)


def test_what_the_replaced_client_says_is_ignored_but_its_leave() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    house.opened("ann").join()
    house.clear()
    ann.say(b"still here")
    ann.mute(True)
    ann.send_bytes(b"rubbish")
    assert house.effects == []
    ann.leave()
    assert ann.kinds == ["LEAVE_ACK"]
    house.advance(1)
    assert bob.model.present == {"ann", "bob"}


def test_a_lost_socket_is_dropped_after_fifteen_seconds() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.socket_closes(1006)
    house.advance(14.5)
    assert bob.model.present == {"ann", "bob"}
    house.clear()
    house.advance(1)
    assert bob.model.present == {"bob"}
    assert bob.model.dropped == ["ann"]
    assert house.told() == [("AttendeeDropped", "ann"), ("AttendeeVideoStopped", "ann")]
    assert house.commands == [commands.CloseSession(ann.number)]
    assert bob.shown == []


def test_a_lost_socket_without_media_is_dropped_as_soon_as_no_reconnect_came() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.media_closes("dtls")
    ann.socket_closes(1006)
    house.advance(1.9)
    assert bob.model.present == {"ann", "bob"}
    house.advance(0.2)
    assert bob.model.present == {"bob"}


def test_media_that_end_after_the_socket_shorten_the_wait() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.socket_closes(1006)
    ann.media_closes("failed")
    house.advance(2.1)
    assert bob.model.present == {"bob"}


def test_a_client_that_was_killed_is_gone_when_no_reconnect_came() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.socket_closes(1006)
    house.advance(1.2)
    ann.falls_quiet()
    assert bob.model.present == {"ann", "bob"}
    house.clear()
    house.advance(1.1)
    assert bob.model.dropped == ["ann"]
    assert house.told()[0] == ("AttendeeDropped", "ann")
    assert house.given(commands.CloseSession) == [commands.CloseSession(ann.number)]


def test_a_client_whose_media_fell_silent_first_has_the_same_time() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.falls_quiet()
    house.advance(8)
    assert bob.model.present == {"ann", "bob"}
    ann.socket_closes(1006)
    house.advance(1.9)
    assert bob.model.present == {"ann", "bob"}
    house.advance(0.2)
    assert bob.model.dropped == ["ann"]


def test_media_that_come_again_keep_a_lost_socket_for_its_time() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.socket_closes(1006)
    ann.falls_quiet()
    house.advance(1)
    ann.falls_quiet(False)
    house.advance(13.9)
    assert bob.model.present == {"ann", "bob"}
    house.advance(0.2)
    assert bob.model.dropped == ["ann"]


def test_a_reconnect_after_the_silence_of_a_lost_connection_is_one() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.socket_closes(1006)
    ann.falls_quiet()
    house.advance(0.9)
    again = house.opened("ann")
    again.join(audio_session_id=CLIENT)
    ann.falls_quiet(False)
    ann.falls_quiet()
    house.advance(5)
    again.subscribe()
    again.connect()
    house.advance(20)
    assert bob.model.events == [("bob", True), ("ann", True)]


def test_a_page_that_was_left_is_gone_at_once() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    house.clear()
    ann.socket_closes(1001)
    assert bob.model.present == {"bob"}
    assert bob.shown == []
    assert house.told()[0] == ("AttendeeDropped", "ann")


def test_silent_media_are_a_drop_and_the_client_connects_anew() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    house.clear()
    ann.media_closes("silent")
    assert bob.model.dropped == ["ann"]
    assert ann.statuses == [503]
    assert ann.closed == 4500
    assert house.given(commands.CloseSession) == []
    assert house.told()[0] == ("AttendeeDropped", "ann")


def test_media_that_end_with_the_socket_open_have_the_client_connect_anew() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.media_closes("dtls")
    ann.media_closes("dtls")
    assert ann.closed == 0
    house.advance(2.1)
    assert ann.statuses == [503]
    assert bob.model.present == {"bob"}


def test_media_that_never_come_up_have_the_client_connect_anew() -> None:
    house = House()
    ann = house.opened("ann")
    ann.join()
    ann.subscribe()
    house.clear()
    ann.media_closes("dtls")
    assert ann.statuses == [503]
    assert ann.closed == 4500
    assert house.told() == []


def test_a_socket_lost_before_media_are_up_ends_the_session() -> None:
    house = House()
    ann = house.opened("ann")
    ann.join()
    ann.subscribe()
    house.clear()
    ann.socket_closes(1006)
    assert house.commands == [commands.CloseSession(ann.number)]
    house.media(events.Connected(ann.number))
    assert house.told() == []


def test_a_successor_that_never_comes_up_does_not_keep_the_old_one_present() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.socket_closes(1006)
    house.advance(5)
    for _ in range(3):
        again = house.opened("ann")
        again.join(audio_session_id=CLIENT)
        again.subscribe()
        house.advance(4)
        again.socket_closes(1006)
    assert bob.model.present == {"ann", "bob"}
    house.advance(4)
    assert bob.model.dropped == ["ann"]


def test_a_reconnect_has_time_once_it_has_begun() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    ann.media_closes("dtls")
    ann.socket_closes(1000)
    house.advance(1.5)
    again = house.opened("ann")
    again.join(audio_session_id=CLIENT)
    house.advance(5)
    again.subscribe()
    again.connect()
    house.advance(20)
    assert bob.model.events == [("bob", True), ("ann", True)]


def test_a_successor_that_comes_up_late_joins_anew() -> None:
    house = House()
    bob = house.enter("bob")
    ann = entered(house)
    again = house.opened("ann")
    again.join(audio_session_id=CLIENT)
    house.advance(16)
    assert ann.has_gone()
    assert bob.model.present == {"bob"}
    again.subscribe()
    house.clear()
    again.connect()
    assert bob.model.present == {"ann", "bob"}
    assert house.told() == [("AttendeeJoined", "ann")]


def test_the_old_media_may_end_while_the_successor_comes_up() -> None:
    house = House()
    bob = house.enter("bob")
    ann = entered(house)
    again = house.opened("ann")
    again.join(audio_session_id=CLIENT)
    ann.media_closes("silent")
    assert bob.model.present == {"ann", "bob"}
    again.subscribe()
    again.connect()
    assert bob.model.events == [("bob", True), ("ann", True)]


def test_a_leave_during_a_take_over_is_a_departure() -> None:
    house = House()
    bob = house.enter("bob")
    entered(house)
    again = house.opened("ann")
    again.join(audio_session_id=CLIENT)
    house.clear()
    again.leave()
    assert bob.model.present == {"bob"}
    assert house.told() == [("AttendeeLeft", "ann"), ("AttendeeVideoStopped", "ann")]


def test_leave_is_acknowledged_and_the_socket_closed_in_the_end() -> None:
    house = House()
    ann = house.enter("ann")
    house.clear()
    ann.leave()
    assert ann.kinds == ["LEAVE_ACK"]
    assert house.commands == [commands.CloseSession(ann.number)]
    assert ann.closed == 1000
    assert not ann.has_gone()
    house.advance(2.1)
    assert ann.has_gone()


def test_leave_without_join() -> None:
    house = House()
    ann = house.opened("ann")
    ann.leave()
    assert ann.kinds == ["LEAVE_ACK"]
    assert house.told() == []


def test_a_second_connected_of_the_engine_changes_nothing() -> None:
    house = House()
    ann = house.enter("ann")
    house.clear()
    ann.connect()
    assert house.effects == []


def test_nothing_is_sent_to_a_socket_that_has_gone() -> None:
    house = House()
    ann = entered(house)
    ann.socket_closes(1006)
    house.clear()
    house.media(events.Paused(ann.number, (1,)))
    house.source(ann.streams[0], "too_large")
    assert house.effects == []


def test_events_that_concern_nobody_here_lead_to_nothing() -> None:
    house = House()
    ann = house.enter("ann")
    house.clear()
    assert house.room.meeting is not None
    house.media(events.FirstAudio(ann.number))
    house.media(events.Pcm(house.room.meeting, ann.number, 1, 16000, b""))
    house.media(events.Connected(9999))
    house.media(events.Levels(9999, ((ann.number, 3),)))
    assert house.effects == []


def test_a_meeting_that_the_engine_lost_begins_anew() -> None:
    house = House()
    bob, ann = house.enter("bob"), entered(house)
    coming = house.opened("cy")
    coming.join()
    coming.subscribe()
    waiting = house.opened("dan")
    waiting.join()
    leaving = entered(house, "eve")
    house.opened("eve").join()
    lost = house.room.meeting
    assert lost is not None
    house.clear()
    house.media(events.Failed(lost, "panicked"))
    assert house.room.meeting is None
    assert [each.statuses for each in (bob, ann, coming, waiting, leaving)] == [
        [503], [503], [503], [], [],
    ]  # fmt: skip
    assert ann.closed == 4500
    assert house.commands == []
    again = house.opened("ann", model=ann.model)
    again.join(audio_session_id=CLIENT)
    again.subscribe(camera="on")
    (create,) = house.given(commands.CreateMeeting)
    assert create.meeting != lost
    again.connect()
    assert ("AttendeeLeft", "ann") not in house.told()
    assert again.model.events == [("bob", True), ("ann", True), ("eve", True)]
    house.advance(16)
    assert again.model.present == {"ann"}
