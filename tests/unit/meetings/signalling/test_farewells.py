"""What ends sessions from the server's side, and with which codes (chime-meetings B.9)."""

from __future__ import annotations

import pytest

from hubbub.meetings.media import commands
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling import statuses
from hubbub.meetings.signalling.effects import CloseSocket, Send
from hubbub.meetings.signalling.room import farewell
from hubbub.meetings.signalling.statuses import Farewell
from tests.unit.meetings.signalling.house import House, Type


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        (statuses.BAD_TOKEN, None, 4403),
        (statuses.ENDED, 410, 4410),
        (statuses.RESTART, None, 4500),
    ],
)
def test_sockets_that_get_to_no_room(reason: Farewell, status: int | None, code: int) -> None:
    effects = farewell(7, reason, 100.0)
    close = effects.pop()
    assert close == CloseSocket(7, code, 0.0 if status is None else 0.05)
    told = []
    for effect in effects:
        assert isinstance(effect, Send)
        frame = pb.SdkSignalFrame.FromString(effect.frame[1:])
        told.append(frame.audio_status.audio_status)
    assert told == ([] if status is None else [status])


def test_an_undecodable_frame_ends_the_session() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    ann.send_bytes(b"\x05\xff")
    assert ann.statuses == [400]
    assert ann.closed == 4400
    assert bob.model.present == {"bob"}
    fresh = house.opened("cy")
    fresh.send_bytes(b"{}")
    assert fresh.closed == 4400


def test_a_frame_of_an_unknown_type_is_passed_over() -> None:
    house = House()
    ann = house.enter("ann")
    house.clear()
    ann.send_bytes(b"\x05\x08\x01\x10\x63")
    assert house.effects == []


@pytest.mark.parametrize("kind", ["frames", "bytes", "mutes", "subscribes"])
def test_floods_end_the_session(kind: str) -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    for number in range(5000):
        if ann.closed:
            break
        match kind:
            case "frames":
                ann.send_bytes(b"\x05\x08\x01\x10\x63")
            case "bytes":
                ann.send_bytes(b"\x05\x08\x01\x10\x63\xfa\x3f\x80\x80\x20" + bytes(1 << 19))
            case "mutes":
                ann.mute(number % 2 == 0)
            case _:
                ann.subscribe()
    assert ann.statuses == [429]
    assert ann.closed == 4400
    assert bob.model.present == {"bob"}


def test_a_deleted_attendee_loses_both_halves() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    share = house.enter("ann", content=True)
    unjoined = house.opened("ann")
    house.clear()
    house.apply(house.room.attendee_deleted("ann", house.now))
    assert ann.statuses == share.statuses == unjoined.statuses == [411]
    assert ann.closed == share.closed == unjoined.closed == 4403
    assert bob.closed == 0
    assert bob.model.present == {"bob"}
    assert not bob.model.dropped
    assert sorted(house.told()) == [
        ("AttendeeContentLeft", "ann#content"),
        ("AttendeeLeft", "ann"),
    ]
    house.advance(1)
    assert ann.has_gone()
    assert house.room.attendee_deleted("ann", house.now) == []


def test_deleting_somebody_who_is_being_taken_over_ends_both_connections() -> None:
    house = House()
    bob, ann = house.enter("bob"), house.enter("ann")
    again = house.opened("ann")
    again.join()
    house.apply(house.room.attendee_deleted("ann", house.now))
    assert ann.statuses == [301]
    assert again.statuses == [411]
    assert bob.model.present == {"bob"}


def test_the_end_of_the_meeting_is_told_to_all() -> None:
    house = House()
    ann = house.enter("ann", camera="on")
    share = house.enter("ann", content=True)
    waiting = house.opened("bob")
    waiting.join()
    viewer = house.enter("vic", replica=True)
    meeting = house.room.meeting
    house.clear()
    house.apply(house.room.end(house.now))
    for client in (ann, share, waiting, viewer):
        assert client.statuses == [410]
        assert client.closed == 4410
        assert client.kinds == ["AUDIO_STATUS"]
    assert house.commands[-1] == commands.EndMeeting(meeting or 0)
    assert not house.room.has_audio("primary")
    house.advance(1)
    assert ann.has_gone()
    house.clear()
    assert house.room.end(house.now) == []


def test_who_comes_to_a_meeting_that_has_ended_is_told_so() -> None:
    house = House()
    house.apply(house.room.end(house.now))
    late = house.opened("ann")
    assert late.statuses == [410]
    assert late.closed == 4410
    late.join()
    assert late.got(Type.JOIN_ACK) == []
    late.socket_closes()


def test_a_replica_ends_alone() -> None:
    house = House()
    ann = house.enter("ann")
    viewer = house.enter("vic", replica=True)
    house.apply(house.room.replica_ended("replica", house.now))
    assert viewer.statuses == [410]
    assert viewer.closed == 4410
    assert ann.closed == 0
    assert not house.room.has_audio("replica")
    assert house.room.has_audio("primary")
