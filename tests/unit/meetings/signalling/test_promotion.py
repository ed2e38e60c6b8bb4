"""Replicas and the primary meeting (chime-meetings A.5, B.12)."""

from __future__ import annotations

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.media import commands, events
from hubbub.meetings.signalling.rules import Attendee
from tests.unit.meetings.signalling.house import Client, House, Type


def viewer(house: House, name: str = "vic", *, content: bool = False) -> Client:
    return house.enter(name, replica=True, content=content)


def primary(name: str = "pam", **capabilities: str) -> Attendee:
    return Attendee("primary", name, f"user-{name}", Capabilities(**capabilities))  # type: ignore[arg-type]


def promoted(house: House, client: Client, attendee: Attendee) -> int:
    """The error's status of the acknowledgement; 0: none."""
    client.promote(attendee.attendee_id)
    verify = house.verifications.pop()
    assert (verify.session, verify.join_token) == (client.number, "token")
    house.clear()
    house.apply(house.room.verified(client.number, attendee, house.now))
    return client.one(Type.PRIMARY_MEETING_JOIN_ACK).error.status


def test_a_viewer_sees_the_primary_and_nobody_sees_it() -> None:
    house = House()
    ann = house.enter("ann", camera="on")
    vic, wim = viewer(house), viewer(house, "wim")
    house.advance(1)
    assert vic.model.present == {"ann", "vic"}
    assert wim.model.present == {"ann", "wim"}
    assert ann.model.present == {"ann"}
    assert vic.shown == ["ann"]
    assert vic.index is not None
    assert vic.index.at_capacity
    assert ann.index is not None
    assert ann.index.num_participants == 1
    gates = house.given(commands.OpenSession)[1].gates
    assert not (gates.audio_send or gates.video_send or gates.content_send)
    assert gates.audio_receive
    assert gates.video_receive
    joined = next(each for each in house.occurred if each.attendee_id == "vic")
    assert (joined.event_type, joined.meeting_id) == ("chime:AttendeeJoined", "replica")


def test_a_viewer_hears_messages_and_says_none() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    ann.say(b"to all")
    vic.say(b"to nobody")
    assert [message.data for message in vic.heard] == [b"to all"]
    assert ann.heard == []


def test_a_viewers_camera_and_share_are_refused() -> None:
    house = House()
    vic = viewer(house)
    house.clear()
    vic.subscribe(camera="on")
    assert vic.one(Type.SUBSCRIBE_ACK).error.status == 206
    share = viewer(house, content=True)
    share.subscribe(camera="on")
    assert share.got(Type.SUBSCRIBE_ACK)[-1].error.status == 509


def test_a_viewers_mute_and_signal_are_its_own() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    house.clear()
    vic.mute(True)
    house.signals((vic, 0))
    assert ann.frames == []
    assert vic.model.muted["vic"] is True


def test_a_promoted_viewer_takes_part_as_the_primarys_attendee() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    assert promoted(house, vic, primary()) == 0
    assert ann.model.present == {"ann", "pam"}
    assert vic.model.present == {"ann", "pam", "vic"}
    assert house.told() == [("AttendeeJoined", "pam")]
    assert house.occurred[0].meeting_id == "primary"
    gates = house.given(commands.SetGates)[0].gates
    assert gates == commands.Gates()
    house.advance(1)
    assert ann.index is not None
    assert ann.index.num_participants == 2
    vic.subscribe(camera="on")
    assert ann.shown == ["pam"]
    assert vic.shown == []
    vic.say(b"hello")
    assert ann.heard[0].sender_attendee_id == "pam"
    house.clear()
    house.levels((vic, 30))
    (state,) = ann.one(Type.AUDIO_METADATA).audio_metadata.attendee_states
    assert ann.model.streams[state.audio_stream_id] == "pam"
    assert house.room.speaker(vic.number) == primary()
    house.clear()
    vic.mute(True)
    assert ann.model.muted["pam"] is True
    assert vic.model.muted == {"ann": False, "pam": True, "vic": True}


def test_speakers_are_those_who_take_part() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    assert house.room.speaker(ann.number) == ann.attendee
    assert house.room.speaker(vic.number) is None
    assert house.room.speaker(99) is None


def test_the_primarys_capabilities_hold_while_promoted() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    promoted(house, vic, primary(video="Receive"))
    vic.subscribe(camera="on")
    assert vic.streams
    assert ann.shown == []
    house.clear()
    house.change("pam")
    assert ann.shown == ["pam"]
    (gates,) = house.given(commands.SetGates)
    assert gates.gates == commands.Gates()
    house.clear()
    house.change("vic", video="None", content="None")
    assert house.effects == []


def test_a_promoted_viewer_may_share() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    promoted(house, vic, primary())
    share = viewer(house, content=True)
    share.subscribe(camera="on")
    assert ann.shown == ["pam#content"]
    assert ann.model.present == {"ann", "pam", "pam#content"}
    vic.leave()
    assert ann.shown == []
    assert ann.model.present == {"ann"}
    assert share.closed == 0


def test_a_share_that_is_there_already_is_promoted_too() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    viewer(house, content=True)
    promoted(house, vic, primary())
    assert ann.model.present == {"ann", "pam", "pam#content"}


def test_a_promotion_ends_when_the_client_gives_it_up() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    promoted(house, vic, primary())
    vic.subscribe(camera="on")
    house.clear()
    vic.send(Type.PRIMARY_MEETING_LEAVE)
    assert vic.got(Type.PRIMARY_MEETING_LEAVE) == []
    assert ann.model.present == {"ann"}
    assert ann.shown == []
    assert house.told() == [("AttendeeLeft", "pam"), ("AttendeeVideoStopped", "pam")]
    assert not house.given(commands.SetGates)[0].gates.video_send
    assert vic.index is not None
    assert vic.index.at_capacity
    assert vic.model.present == {"ann", "vic"}
    vic.send(Type.PRIMARY_MEETING_LEAVE)
    assert promoted(house, vic, primary()) == 0
    assert ann.shown == ["pam"]


def test_a_promotion_ends_when_its_attendee_is_deleted() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    viewer(house, content=True)
    promoted(house, vic, primary())
    house.apply(house.room.attendee_deleted("pam", house.now))
    assert vic.one(Type.PRIMARY_MEETING_LEAVE)
    assert vic.closed == 0
    assert ann.model.present == {"ann"}


def test_a_promotion_ends_when_the_client_reconnects() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    promoted(house, vic, primary())
    again = viewer(house)
    assert ann.model.present == {"ann"}
    assert not house.given(commands.OpenSession)[-1].gates.audio_send
    assert again.closed == 0


def test_a_promotion_ends_when_the_client_is_lost() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    promoted(house, vic, primary())
    vic.socket_closes()
    house.advance(16)
    assert ann.model.present == {"ann"}
    assert ann.model.dropped == ["pam"]


def test_a_promotion_ends_with_the_engines_meeting() -> None:
    house = House()
    vic = viewer(house)
    share = viewer(house, content=True)
    promoted(house, vic, primary())
    house.media(events.Failed(house.room.meeting or 0, "lost"))
    assert vic.statuses == share.statuses == [503]
    assert not house.room.has_audio("primary")


def test_the_newest_promotion_to_an_attendee_holds() -> None:
    house = House()
    ann, vic, wim = house.enter("ann"), viewer(house), viewer(house, "wim")
    promoted(house, vic, primary())
    assert promoted(house, wim, primary()) == 0
    assert vic.one(Type.PRIMARY_MEETING_LEAVE)
    assert ann.model.present == {"ann", "pam"}
    assert promoted(house, wim, primary()) == 0
    assert promoted(house, wim, primary("pia")) == 0
    assert ann.model.present == {"ann", "pia"}


def test_a_promotion_ends_the_attendees_own_connection() -> None:
    house = House()
    ann, pam, vic = house.enter("ann"), house.enter("pam"), viewer(house)
    promoted(house, vic, primary())
    assert pam.statuses == [301]
    assert ann.model.present == {"ann", "pam"}


def test_the_attendees_own_connection_ends_a_promotion() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    promoted(house, vic, primary())
    pam = house.enter("pam")
    assert vic.one(Type.PRIMARY_MEETING_LEAVE)
    assert ann.model.present == {"ann", "pam"}
    assert pam.closed == 0
    assert vic.closed == 0


def test_bad_credentials() -> None:
    house = House()
    ann, vic = house.enter("ann"), viewer(house)
    for attendee in (None, primary("other"), Attendee("replica", "pam", "x", Capabilities(), True)):
        house.clear()
        vic.promote("pam")
        house.apply(house.room.verified(vic.number, attendee, house.now))
        assert vic.one(Type.PRIMARY_MEETING_JOIN_ACK).error.status == 403
    assert ann.model.present == {"ann"}


def test_attendees_of_the_primary_cannot_be_promoted() -> None:
    house = House()
    ann = house.enter("ann")
    house.clear()
    ann.promote("pam")
    assert ann.one(Type.PRIMARY_MEETING_JOIN_ACK).error.status == 403
    assert house.verifications == []


def test_an_answer_that_nobody_waits_for_leads_to_nothing() -> None:
    house = House()
    vic = viewer(house)
    house.clear()
    house.apply(house.room.verified(vic.number, primary(), house.now))
    vic.promote("pam#content", "token#content")
    (verify,) = house.verifications
    assert (verify.attendee_id, verify.join_token) == ("pam", "token")
    vic.leave()
    house.clear()
    house.apply(house.room.verified(vic.number, primary(), house.now))
    assert house.effects == []


def test_transcription_is_turned_on_in_the_engine_also_of_a_new_meeting() -> None:
    house = House()
    house.apply(house.room.transcribe(True, house.now))
    assert house.commands == []
    house.enter("ann")
    meeting = house.room.meeting or 0
    assert house.given(commands.Transcribe) == [commands.Transcribe(meeting, True)]
    house.clear()
    house.apply(house.room.transcribe(False, house.now))
    assert house.commands == [commands.Transcribe(meeting, False)]
