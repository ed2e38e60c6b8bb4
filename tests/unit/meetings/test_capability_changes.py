"""UpdateAttendeeCapabilities and BatchUpdateAttendeeCapabilitiesExcept (chime-meetings A.7)."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest

from hubbub.meetings.capabilities import VALUES, Capabilities
from hubbub.meetings.stage import Admitted
from tests.unit.meetings.desk import FULL, NO_CONTENT, NO_VIDEO, SOMEBODY, Desk, capabilities

RECEIVES: Any = capabilities("Receive", "Receive", "Receive")
PAIRS_THAT_FAIL = {
    (video, content) for video in ("Send", "None") for content in ("SendReceive", "Receive")
}


def test_an_update(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    made = desk.make_attendee(meeting_id)
    attendee_id = made["AttendeeId"]
    wanted = capabilities("Receive", "SendReceive", "None")
    answer = desk.client.update_attendee_capabilities(
        MeetingId=meeting_id.upper(), AttendeeId=attendee_id.upper(), Capabilities=wanted
    )
    assert desk.last and desk.last.status == 200
    assert answer["Attendee"] == made | {"Capabilities": wanted}
    assert desk.get_capabilities(meeting_id, attendee_id) == wanted
    changed = {attendee_id: Capabilities("Receive", "SendReceive", "None")}
    assert desk.told("changed") == [(meeting_id, changed)]
    (event,) = desk.events("AttendeeCapabilitiesUpdated")
    assert event["success"] == "1"
    assert (event["attendeeId"], event["externalUserId"]) == (attendee_id, "ann")
    assert event["attendeeCapabilities"] == {
        "audio": "Receive",
        "video": "SendReceive",
        "content": "None",
    }


def test_the_same_values_again_are_a_success(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    of = {"MeetingId": meeting_id, "AttendeeId": desk.make_attendee(meeting_id)["AttendeeId"]}
    for _ in range(2):
        answer = desk.client.update_attendee_capabilities(Capabilities=RECEIVES, **of)
        assert answer["Attendee"]["Capabilities"] == RECEIVES


def test_every_combination(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    of = {"MeetingId": meeting_id, "AttendeeId": desk.make_attendee(meeting_id)["AttendeeId"]}
    now = FULL
    for audio, video, content in product(VALUES, VALUES, VALUES):
        wanted = capabilities(audio, video, content)
        if (video, content) in PAIRS_THAT_FAIL:
            with desk.refused("BadRequestException", "Capabilities"):
                desk.client.update_attendee_capabilities(Capabilities=wanted, **of)
        else:
            desk.client.update_attendee_capabilities(Capabilities=wanted, **of)
            now = wanted
        assert desk.get_capabilities(meeting_id=meeting_id, attendee_id=of["AttendeeId"]) == now
    assert len(desk.told("changed")) == 4 * 12


@pytest.mark.parametrize(
    ("features", "good", "bad"),
    [
        (
            NO_VIDEO,
            [("None", "None"), ("None", "Send")],
            [("Receive", "None"), ("SendReceive", "SendReceive"), ("None", "Receive")],
        ),
        (
            NO_CONTENT,
            [("None", "None"), ("Send", "None"), ("SendReceive", "None")],
            [("SendReceive", "Send"), ("SendReceive", "Receive"), ("Receive", "SendReceive")],
        ),
        (
            NO_VIDEO | NO_CONTENT,
            [("None", "None")],
            [("None", "Send"), ("Receive", "None"), ("Send", "Send")],
        ),
    ],
)
def test_meetings_without_a_medium(
    desk: Desk, features: Any, good: list[Any], bad: list[Any]
) -> None:
    meeting_id = desk.make_meeting(MeetingFeatures=features)
    made = desk.make_attendee(meeting_id)
    of = {"MeetingId": meeting_id, "AttendeeId": made["AttendeeId"]}
    everybody_else = {"MeetingId": meeting_id, "ExcludedAttendeeIds": [{"AttendeeId": SOMEBODY}]}
    for video, content in bad:
        wanted = capabilities("Send", video, content)
        with desk.refused("BadRequestException", "Capabilities"):
            desk.client.update_attendee_capabilities(Capabilities=wanted, **of)
        with desk.refused("BadRequestException", "Capabilities"):
            desk.client.batch_update_attendee_capabilities_except(
                Capabilities=wanted,
                **everybody_else,  # type: ignore[arg-type]
            )
    assert desk.get_capabilities(meeting_id, made["AttendeeId"]) == made["Capabilities"]
    assert desk.told("changed") == []
    for video, content in good:
        wanted = capabilities("Send", video, content)
        desk.client.update_attendee_capabilities(Capabilities=wanted, **of)
        assert desk.get_capabilities(meeting_id, made["AttendeeId"]) == wanted


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Audio": "Send"},
        {"Audio": "Send", "Video": "Send"},
        {"Audio": "send", "Video": "Send", "Content": "Send"},
        {"Audio": "Send", "Video": "SENDRECEIVE", "Content": "Send"},
        {"Audio": "Send", "Video": "Send", "Content": ""},
        {"Audio": None, "Video": "Send", "Content": "Send"},
    ],
)
def test_all_three_are_needed(desk: Desk, given: Any) -> None:
    meeting_id = desk.make_meeting()
    attendee_id = desk.make_attendee(meeting_id)["AttendeeId"]
    targets: list[tuple[str, str, Any]] = [
        ("PUT", f"/meetings/{meeting_id}/attendees/{attendee_id}/capabilities", {}),
        (
            "PUT",
            f"/meetings/{meeting_id}/attendees/capabilities?operation=batch-update-except",
            {"ExcludedAttendeeIds": [{"AttendeeId": SOMEBODY}]},
        ),
        ("POST", f"/meetings/{meeting_id}/attendees", {"ExternalUserId": "bob"}),
    ]
    for method, target, more in targets:
        answer = desk.ask_raw(method, target, {"Capabilities": given, **more})
        assert (answer.status, answer.error_type) == (400, "BadRequestException")
    assert desk.get_capabilities(meeting_id, attendee_id) == FULL


def test_what_is_not_there(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    for of in (
        {"MeetingId": meeting_id, "AttendeeId": SOMEBODY},
        {"MeetingId": SOMEBODY, "AttendeeId": SOMEBODY},
    ):
        with desk.refused("NotFoundException"):
            desk.client.update_attendee_capabilities(Capabilities=RECEIVES, **of)
    with desk.refused("NotFoundException"):
        desk.client.batch_update_attendee_capabilities_except(
            MeetingId=SOMEBODY,
            ExcludedAttendeeIds=[{"AttendeeId": SOMEBODY}],
            Capabilities=RECEIVES,
        )


def test_all_but_some(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    of = {
        name: desk.make_attendee(meeting_id, name)["AttendeeId"] for name in ("ann", "bob", "carl")
    }
    kept = capabilities("Send", "None", "None")
    desk.client.update_attendee_capabilities(
        MeetingId=meeting_id, AttendeeId=of["bob"], Capabilities=kept
    )
    desk.client.batch_update_attendee_capabilities_except(
        MeetingId=meeting_id,
        ExcludedAttendeeIds=[{"AttendeeId": of["bob"].upper()}, {"AttendeeId": SOMEBODY}],
        Capabilities=RECEIVES,
    )
    assert desk.last and (desk.last.status, desk.last.body) == (200, b"")
    found = {name: desk.get_capabilities(meeting_id, attendee) for name, attendee in of.items()}
    assert found == {"ann": RECEIVES, "bob": kept, "carl": RECEIVES}
    received = Capabilities("Receive", "Receive", "Receive")
    assert desk.told("changed")[-1] == (
        meeting_id,
        {of["ann"]: received, of["carl"]: received},
    )
    told = desk.events("AttendeeCapabilitiesUpdated")[1:]
    assert [event["attendeeId"] for event in told] == [of["ann"], of["carl"]]
    # Those who come later have their defaults.
    assert desk.make_attendee(meeting_id, "dora")["Capabilities"] == FULL


def test_all_but_all(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    ann = desk.make_attendee(meeting_id)["AttendeeId"]
    desk.client.batch_update_attendee_capabilities_except(
        MeetingId=meeting_id, ExcludedAttendeeIds=[{"AttendeeId": ann}], Capabilities=RECEIVES
    )
    assert desk.get_capabilities(meeting_id, ann) == FULL
    assert desk.told("changed") == []


def test_exclusions_are_guids_and_not_too_many(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    ann = desk.make_attendee(meeting_id)["AttendeeId"]
    target = f"/meetings/{meeting_id}/attendees/capabilities?operation=batch-update-except"
    lists: list[Any] = [
        [],
        [{}],
        [{"AttendeeId": "ann"}],
        [{"AttendeeId": f"{ann}#content"}],
        [{"AttendeeId": SOMEBODY}] * 251,
    ]
    for excluded in lists:
        body = {"ExcludedAttendeeIds": excluded, "Capabilities": RECEIVES}
        assert desk.ask_raw("PUT", target, body).status == 400
    assert desk.get_capabilities(meeting_id, ann) == FULL
    body = {"ExcludedAttendeeIds": [{"AttendeeId": SOMEBODY}] * 250, "Capabilities": RECEIVES}
    assert desk.ask_raw("PUT", target, body).status == 200


def test_other_meetings_are_not_touched(desk: Desk) -> None:
    first, second = desk.make_meeting(), desk.make_meeting()
    desk.make_attendee(first)
    ann = desk.make_attendee(second)["AttendeeId"]
    desk.client.batch_update_attendee_capabilities_except(
        MeetingId=first, ExcludedAttendeeIds=[{"AttendeeId": SOMEBODY}], Capabilities=RECEIVES
    )
    assert desk.get_capabilities(second, ann) == FULL


def test_the_stage_hears_changes_in_the_order_of_the_store(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    ann = desk.make_attendee(meeting_id)
    of = {"MeetingId": meeting_id, "AttendeeId": ann["AttendeeId"]}
    clients = [desk.client_of() for _ in range(8)]

    def change(number: int) -> None:
        audio = VALUES[number % 4]
        wanted = capabilities(audio, "Receive", "Receive")
        clients[number % 8].update_attendee_capabilities(Capabilities=wanted, **of)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(40)))
    last = desk.told("changed")[-1][1][ann["AttendeeId"]]
    assert desk.get_capabilities(meeting_id, ann["AttendeeId"])["Audio"] == last.audio
    admitted = desk.admit(ann["JoinToken"])
    assert isinstance(admitted, Admitted)
    assert admitted.capabilities == last


def test_who_is_being_admitted_misses_no_change(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    ann = desk.make_attendee(meeting_id)
    directory: Any = desk.meetings.directory
    read = directory._read
    reads: list[Any] = []

    async def slow(claims: Any) -> Any:
        found = await read(claims)
        reads.append(found)
        if len(reads) == 1:  # the change is committed and told while the answer is on its way
            await asyncio.to_thread(
                desk.client_of().update_attendee_capabilities,
                MeetingId=meeting_id,
                AttendeeId=ann["AttendeeId"],
                Capabilities=RECEIVES,
            )
        return found

    directory._read = slow
    admitted = desk.admit(ann["JoinToken"])
    assert isinstance(admitted, Admitted)
    assert admitted.capabilities == Capabilities("Receive", "Receive", "Receive")
    assert len(reads) == 2
