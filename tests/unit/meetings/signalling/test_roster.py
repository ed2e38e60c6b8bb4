"""Presence and mute: AUDIO_STREAM_ID_INFO (chime-meetings B.8)."""

from __future__ import annotations

from hubbub.meetings.media import commands
from hubbub.meetings.signalling import signal_pb2 as pb
from tests.unit.meetings.signalling.house import Client, House, Type


def infos(client: Client) -> list[pb.SdkAudioStreamIdInfo]:
    return [
        info
        for frame in client.got(Type.AUDIO_STREAM_ID_INFO)
        for info in frame.audio_stream_id_info.streams
    ]


def test_an_attendee_is_announced_to_all_and_to_itself_when_media_are_up() -> None:
    house = House()
    bob = house.enter("bob")
    ann = house.opened("ann")
    ann.join()
    ann.subscribe(muted=True)
    house.clear()
    ann.connect()
    for client in (ann, bob):
        (info,) = infos(client)
        assert (info.attendee_id, info.external_user_id) == ("ann", "user-ann")
        assert info.muted
        assert info.audio_stream_id > 0
    assert house.told() == [("AttendeeJoined", "ann")]


def test_the_first_roster_is_complete_even_when_empty() -> None:
    house = House()
    ann = house.opened("ann")
    ann.join()
    ann.subscribe()
    assert infos(ann) == []
    assert len(ann.got(Type.AUDIO_STREAM_ID_INFO)) == 1


def test_the_roster_holds_shares_and_mutes() -> None:
    house = House()
    house.enter("ann")
    house.enter("ann", content=True)
    bob = house.enter("bob")
    bob.mute(True)
    cy = house.enter("cy")
    assert cy.model.present == {"ann", "ann#content", "bob", "cy"}
    assert cy.model.muted == {"ann": False, "ann#content": False, "bob": True, "cy": False}


def test_a_mute_names_only_the_stream() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    house.clear()
    ann.mute(True)
    (info,) = infos(bob)
    assert info.muted
    assert not info.attendee_id
    assert not info.HasField("external_user_id")
    assert house.commands == [commands.SetMuted(ann.number, True)]
    assert bob.model.muted["ann"] is True
    ann.mute(True)
    assert len(infos(bob)) == 1
    ann.mute(False)
    assert bob.model.muted["ann"] is False


def test_a_mute_before_media_are_up_shows_in_the_announcement() -> None:
    house = House()
    bob = house.enter("bob")
    ann = house.opened("ann")
    ann.join()
    ann.subscribe()
    house.clear()
    ann.mute(True)
    assert house.commands == [commands.SetMuted(ann.number, True)]
    assert infos(bob) == []
    ann.connect()
    assert bob.model.muted["ann"] is True


def test_a_mute_after_the_media_have_gone_is_of_no_concern_to_the_engine() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    ann.media_closes("dtls")
    house.clear()
    ann.mute(True)
    assert house.commands == []
    assert bob.model.muted["ann"] is True


def test_a_departure_names_nothing_but_the_stream() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    house.clear()
    ann.leave()
    (info,) = infos(bob)
    assert (
        info.SerializeToString()
        == pb.SdkAudioStreamIdInfo(audio_stream_id=info.audio_stream_id).SerializeToString()
    )
    assert bob.model.present == {"bob"}
    assert house.told() == [("AttendeeLeft", "ann")]


def test_a_session_without_audio_is_on_no_roster() -> None:
    house = House()
    bob = house.enter("bob")
    ann = house.opened("ann")
    ann.join()
    ann.subscribe(audio=False, camera="on")
    ann.connect()
    house.advance(1)
    assert bob.model.present == {"bob"}
    assert bob.shown == ["ann"]
    assert bob.index is not None
    assert bob.index.num_participants == 1
    assert not any(name == "AttendeeJoined" and who == "ann" for name, who in house.told())
    ann.mute(True)
    ann.leave()
    assert bob.shown == []
    assert bob.model.events == [("bob", True)]


def test_a_connection_without_audio_takes_the_place_of_one_with_it() -> None:
    house = House()
    bob, ann = house.enter("bob"), house.enter("ann")
    again = house.opened("ann")
    again.join()
    again.subscribe(audio=False)
    house.clear()
    again.connect()
    assert bob.model.present == {"bob"}
    assert ann.closed == 4401
    assert house.told() == [("AttendeeLeft", "ann")]
