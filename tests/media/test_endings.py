"""How a client's part in a meeting ends or is interrupted, and what it and the others are told."""

from __future__ import annotations

import pytest

from tests.media.party import Party, eventually


def test_a_meeting_ended_by_the_api(party: Party) -> None:
    clients = party.join_all(["ada", "ben"], silent=True)
    clients[0].share()
    clients[1].until("presence", attendee_id=f"{clients[0].id}#content", present=True)
    party.end()
    for client in clients:
        assert client.until("stopped").value["status"] == "MeetingEnded"
    # Whoever comes now with a token of before is told so.
    with pytest.raises(Exception, match="MeetingEnded"):
        clients[0].start()


def test_an_attendee_deleted_by_the_api(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    ada.camera_on(320, 180)
    ada.share()
    eventually(ben.sees, {"ada", "ada#content"})
    party.remove(ada)
    assert ada.until("stopped").value["status"] == "AudioAttendeeRemoved"
    ben.until("presence", attendee_id=ada.id, present=False)
    ben.until("presence", attendee_id=f"{ada.id}#content", present=False)
    eventually(ben.remote_tiles, {})
    with pytest.raises(Exception, match="SignalingBadRequest"):
        ada.start()


def test_joined_from_another_device(party: Party) -> None:
    ben = party.join("ben", silent=True)
    ada = party.join("ada", silent=True)
    ben.until("presence", attendee_id=ada.id, present=True)
    mark = ben.mark()
    again = party.join("ada", silent=True)  # the same attendee: the same token
    assert again.id == ada.id
    assert ada.until("stopped").value["status"] == "AudioJoinedFromAnotherDevice"
    again.send("chat", "hello")
    assert ada.id in ben.roster()
    gone = [event for event in ben.of_kind("presence", mark) if not event.value["present"]]
    assert gone == []


def test_a_cut_socket_is_mended_with_everything_that_was_on(party: Party) -> None:
    cable = party.cable()
    ben = party.join("ben")
    ada = party.join_through(cable, "ada")
    ada.camera_on(320, 180)
    ben.camera_on(320, 180)
    eventually(ben.sees, {"ada"})
    eventually(ada.sees, {"ben"})
    mark, at_ben = ada.mark(), ben.mark()
    cable.cut()
    assert ada.until("connecting", since=mark).value["reconnecting"] is True
    ada.until("started", since=mark)
    eventually(ben.sees, {"ada"})
    eventually(ada.sees, {"ben"})
    eventually(ada.hears, {"ben"})
    eventually(ben.hears, {"ada"})
    # Quick as it was, nobody saw it leave.
    gone = [event for event in ben.of_kind("presence", at_ben) if not event.value["present"]]
    assert gone == []


@pytest.mark.media
def test_an_unplugged_client_is_dropped_and_comes_back(party: Party) -> None:
    cable = party.cable()
    ben = party.join("ben", silent=True)
    ada = party.join_through(cable, "ada")
    eventually(ben.hears, {"ada"})
    mark = ada.mark()
    cable.unplug()
    gone = ben.until("presence", attendee_id=ada.id, present=False, seconds=20)
    assert gone.value["dropped"] is True
    cable.plug()
    ada.until("started", since=mark, seconds=60)
    eventually(ben.hears, {"ada"}, seconds=10)
    assert ada.id in ben.roster()


@pytest.mark.media
def test_blocked_media_makes_the_client_reconnect(party: Party) -> None:
    cable = party.cable()
    ben = party.join("ben", silent=True)
    ada = party.join_through(cable, "ada")
    eventually(ben.hears, {"ada"})
    mark = ada.mark()
    cable.media_blocked = True
    ben.until("presence", attendee_id=ada.id, present=False, seconds=25)
    ada.until("connecting", reconnecting=True, since=mark, seconds=60)
    cable.media_blocked = False
    ada.until("started", since=mark, seconds=60)
    eventually(ben.hears, {"ada"}, seconds=10)


def test_frames_that_nobody_understands_end_their_session_only(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    ada.until("presence", attendee_id=ben.id, present=True)
    ben.evaluate("() => client.sendRaw([0x05, 0xff, 0xff, 0xff])")
    ada.until("presence", attendee_id=ben.id, present=False, seconds=15)
    assert ada.id in ada.roster()
    assert ada.of_kind("stopped") == []
