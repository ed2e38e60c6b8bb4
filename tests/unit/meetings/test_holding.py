"""Nodes that share a database: the clients of a meeting are on one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hubbub.meetings.stage import Admitted, Elsewhere
from hubbub.store.tables import leases
from tests.unit.meetings.conftest import MakeDesk
from tests.unit.meetings.desk import Desk

LEASE = 20
HOUR = 3600
ALL: Any = {"Audio": "SendReceive", "Video": "SendReceive", "Content": "SendReceive"}
TRANSCRIPTION: Any = {"EngineTranscribeSettings": {"LanguageCode": "en-US"}}

Two = tuple[Desk, Desk]


@pytest.fixture
def nodes(make_desk: MakeDesk) -> Two:
    return make_desk(bus_url="redis://bus"), make_desk(bus_url="redis://bus")


def comes_in(desk: Desk, token: str) -> bool:
    found = desk.admit(token)
    assert isinstance(found, Admitted | Elsewhere)
    return isinstance(found, Admitted)


def lives(desk: Desk, meeting_id: str) -> bool:
    response = desk.ask_raw("GET", f"/meetings/{meeting_id}")
    return response.status == 200


def test_the_first_client_decides_where_the_others_are(nodes: Two) -> None:
    first, second = nodes
    meeting_id = first.make_meeting()
    replica = first.make_meeting(PrimaryMeetingId=meeting_id)
    tokens = [first.make_attendee(each)["JoinToken"] for each in (meeting_id, meeting_id, replica)]
    assert comes_in(second, tokens[0])
    for token in tokens:
        assert first.admit(token) == Elsewhere(meeting_id)
        assert comes_in(second, token)
    other = first.make_attendee(first.make_meeting())["JoinToken"]
    assert comes_in(first, other)


def acts(meeting_id: str, replica: str, attendee_id: str) -> list[Callable[[Any], Any]]:
    """Calls that clients notice, the meeting's end last."""
    of: Any = {"MeetingId": meeting_id}
    who: Any = {**of, "AttendeeId": attendee_id}
    others: Any = {**of, "ExcludedAttendeeIds": [{"AttendeeId": attendee_id}]}
    return [
        lambda client: client.update_attendee_capabilities(**who, Capabilities=ALL),
        lambda client: client.batch_update_attendee_capabilities_except(**others, Capabilities=ALL),
        lambda client: client.start_meeting_transcription(
            **of, TranscriptionConfiguration=TRANSCRIPTION
        ),
        lambda client: client.stop_meeting_transcription(**of),
        lambda client: client.delete_attendee(**who),
        lambda client: client.delete_meeting(MeetingId=replica),
        lambda client: client.delete_meeting(**of),
    ]


def test_what_acts_on_clients_is_refused_where_they_are_not(nodes: Two) -> None:
    first, second = nodes
    meeting_id = first.make_meeting()
    replica = first.make_meeting(PrimaryMeetingId=meeting_id)
    attendee = first.make_attendee(meeting_id)
    assert comes_in(second, attendee["JoinToken"])
    for act in acts(meeting_id, replica, attendee["AttendeeId"]):
        with first.refused("ServiceUnavailableException", "another node"):
            act(first.client)
        assert {told[0] for told in first.stage.told} == {"created"}
        act(second.client)
    with first.refused("NotFoundException"):
        first.client.delete_meeting(MeetingId=meeting_id)


def test_the_rest_is_done_by_any_node(nodes: Two) -> None:
    first, second = nodes
    meeting_id = first.make_meeting()
    for user in ("ann", "bob"):
        assert comes_in(second, first.make_attendee(meeting_id, user)["JoinToken"])
    assert len(first.client.list_attendees(MeetingId=meeting_id)["Attendees"]) == 2


def test_a_change_that_a_client_was_not_told_is_no_success(
    nodes: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = nodes
    meeting_id = first.make_meeting()
    attendee = first.make_attendee(meeting_id)

    def meanwhile(*of: Any) -> None:
        # On another loop, as another node is.
        assert comes_in(second, attendee["JoinToken"])

    monkeypatch.setattr(first.stage, "capabilities_changed", meanwhile)
    with first.refused("ServiceUnavailableException", "another node"):
        first.client.update_attendee_capabilities(
            MeetingId=meeting_id, AttendeeId=attendee["AttendeeId"], Capabilities=ALL
        )


def test_a_node_keeps_its_meetings_while_it_works(nodes: Two) -> None:
    first, second = nodes
    token = first.make_attendee(first.make_meeting())["JoinToken"]
    assert comes_in(second, token)
    for _ in range(3):
        second.work(LEASE - 1)
    assert not comes_in(first, token)
    assert second.told("lost") == []


def test_another_node_takes_over_from_one_that_has_died(nodes: Two) -> None:
    first, second = nodes
    meeting_id = first.make_meeting()
    token = first.make_attendee(meeting_id)["JoinToken"]
    assert comes_in(second, token)
    first.clock.advance(LEASE - 1)
    assert not comes_in(first, token)
    first.clock.advance(1)
    assert comes_in(first, token)
    # It was only slow.
    second.work()
    assert second.told("lost") == [(meeting_id,)]
    assert not comes_in(second, token)
    second.work()
    assert second.told("lost") == [(meeting_id,)]


def test_a_slow_node_goes_on_where_no_other_came(nodes: Two) -> None:
    first, second = nodes
    token = first.make_attendee(first.make_meeting())["JoinToken"]
    assert comes_in(second, token)
    first.work(2 * LEASE)
    assert first.count(leases) == 0
    second.work()
    assert second.told("lost") == []
    assert not comes_in(first, token)


def test_a_node_that_stops_lets_go(nodes: Two) -> None:
    first, second = nodes
    token = first.make_attendee(first.make_meeting())["JoinToken"]
    assert comes_in(second, token)
    second.run(second.meetings.close())
    assert comes_in(first, token)


def test_what_has_ended_is_held_by_nobody(nodes: Two) -> None:
    first, second = nodes
    meeting_id = first.make_meeting()
    assert comes_in(second, first.make_attendee(meeting_id)["JoinToken"])
    assert first.count(leases) == 1
    second.client.delete_meeting(MeetingId=meeting_id)
    second.work()
    assert first.count(leases) == 0
    assert second.told("lost") == []


def test_an_end_that_crossed_the_first_client_is_told_it(
    nodes: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = nodes
    meeting_id = first.make_meeting()
    token = first.make_attendee(meeting_id)["JoinToken"]

    async def passes(_: object) -> None: ...

    monkeypatch.setattr(first.meetings._holding, "check", passes)
    assert comes_in(second, token)
    first.client.delete_meeting(MeetingId=meeting_id)
    assert second.told("ended") == []
    second.work()
    assert second.told("ended") == [(meeting_id,)]


def test_only_the_node_with_the_clients_ends_a_meeting_by_itself(nodes: Two) -> None:
    first, second = nodes
    meeting_id = first.make_meeting()
    assert comes_in(second, first.make_attendee(meeting_id)["JoinToken"])
    second.stage.audible.add(meeting_id)
    second.work(HOUR)
    first.work()  # nobody is heard here
    assert lives(first, meeting_id)
    second.work(23 * HOUR - 1)
    first.work(1)
    assert lives(first, meeting_id)
    second.work()
    assert not lives(first, meeting_id)
    assert second.told("ended")
    assert first.told("ended") == []


def test_a_node_alone_holds_everything(make_desk: MakeDesk) -> None:
    desk, after_a_restart = make_desk(), make_desk()
    token = desk.make_attendee(desk.make_meeting())["JoinToken"]
    assert comes_in(desk, token)
    assert comes_in(after_a_restart, token)
    assert desk.count(leases) == 0
