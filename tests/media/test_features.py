"""What MeetingFeatures close stays closed; replicas see the primary and are not seen."""

from __future__ import annotations

import pytest

from tests.media.conftest import PartyMaker
from tests.media.party import Party, eventually
from tests.server import Server

pytestmark = pytest.mark.media


def test_a_meeting_without_video(new_party: PartyMaker, server: Server) -> None:
    party = new_party(server, MeetingFeatures={"Video": {"MaxResolution": "None"}})
    ada, ben = party.join_all(["ada", "ben"])
    ada.camera_on(320, 180)  # the client itself refuses
    ada.share(320, 180, sound=True)  # of a share it sends the sound only
    eventually(ben.hears, {"ada", "ada#content"})
    assert ben.sees() == set()


def test_a_meeting_without_content(new_party: PartyMaker, server: Server) -> None:
    party = new_party(server, MeetingFeatures={"Content": {"MaxResolution": "None"}})
    ada, ben = party.join_all(["ada", "ben"])
    ada.camera_on(320, 180)
    ada.share(320, 180)  # the client itself refuses
    eventually(ben.sees, {"ada"})
    assert ada.of_kind("share started") == []
    eventually(ben.hears, {"ada"})


def test_a_high_definition_meeting(new_party: PartyMaker, server: Server) -> None:
    party = new_party(
        server,
        MeetingFeatures={"Video": {"MaxResolution": "FHD"}, "Attendee": {"MaxCount": 5}},
    )
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    ada.camera_on(1920, 1080, frames_per_second=5)
    eventually(ben.sees, {"ada"}, seconds=15)


def test_a_camera_above_the_limit_is_not_forwarded(party: Party) -> None:
    ben = party.join("ben", silent=True)
    ada = party.client("ada")  # a client that was told other limits
    ada.join({**party.meeting, "MeetingFeatures": {"Video": {"MaxResolution": "FHD"}}}, silent=True)
    ada.camera_on(1920, 1080, frames_per_second=5)
    ben.page.evaluate("() => new Promise(resolve => setTimeout(resolve, 3000))")
    assert ben.sees(1.5) == set()
    assert any("above limit" in event.value["message"] for event in ada.of_kind("error"))
    ada.evaluate("() => client.camera.resize(640, 360)")
    eventually(ben.sees, {"ada"}, seconds=15)


@pytest.fixture
def primary(party: Party) -> Party:
    return party


@pytest.fixture
def replica(new_party: PartyMaker, server: Server, primary: Party) -> Party:
    return new_party(server, PrimaryMeetingId=primary.id)


def test_a_replica_watches_and_nobody_sees_it(primary: Party, replica: Party) -> None:
    ada = primary.join("ada", topics=["chat"])
    ben = replica.join_as("ben", primary, topics=["chat"])
    ada.camera_on(320, 180)
    eventually(ben.hears, {"ada"})
    eventually(ben.sees, {"ada"})
    assert ada.id in ben.roster()
    assert ben.id not in ada.roster()
    assert ada.hears(seconds=1) == set()
    ada.send("chat", "to everybody")
    eventually(ben.messages, ["to everybody"])
    ben.send("chat", "to nobody")
    assert ben.of_kind("availability")[-1].value == {"can_start": False}
    ben.camera_on(320, 180)
    ben.until("video send unavailable")
    assert ada.sees(1.5) == set()
    assert ada.messages() == []


def test_promotion_and_demotion(primary: Party, replica: Party) -> None:
    ada = primary.join("ada", topics=["chat"])
    ben = replica.join_as("ben", primary, topics=["chat"])
    eventually(ben.hears, {"ada"})
    stage = primary.attendee("ben on stage")
    assert ben.call("promote", stage) == "OK"
    eventually(ada.hears, {"ben"})
    assert stage["AttendeeId"] in ada.roster()
    ben.send("chat", "from the stage")
    eventually(ada.messages, ["from the stage"])
    ben.camera_on(320, 180)
    ada.until("tile", attendee_id=stage["AttendeeId"])
    ben.evaluate("() => client.audioVideo.demoteFromPrimaryMeeting()")
    ben.until("demoted")
    eventually(ada.hears, set())
    eventually(ada.remote_tiles, {})
    ada.until("presence", attendee_id=stage["AttendeeId"], present=False)
    eventually(ben.hears, {"ada"})


def test_a_promotion_ends_with_its_attendee(primary: Party, replica: Party) -> None:
    ada = primary.join("ada")
    ben = replica.join_as("ben", primary)
    stage = primary.attendee("ben on stage")
    wrong = {**stage, "JoinToken": stage["JoinToken"][:-2] + "xx"}
    assert ben.call("promote", wrong) != "OK"
    assert ben.call("promote", stage) == "OK"
    eventually(ada.hears, {"ben"})
    primary.meetings.delete_attendee(MeetingId=primary.id, AttendeeId=stage["AttendeeId"])
    ben.until("demoted")
    eventually(ada.hears, set())
    eventually(ben.hears, {"ada"}, seconds=15)


def test_replicas_end_with_their_primary(primary: Party, replica: Party) -> None:
    ben = replica.join_as("ben", primary, silent=True)
    primary.end()
    assert ben.until("stopped").value["status"] == "MeetingEnded"
