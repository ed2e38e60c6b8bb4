"""CreateMeeting, GetMeeting, DeleteMeeting (chime-meetings A.2, A.5, A.8)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hubbub.meetings.features import Features
from hubbub.store.tables import meeting_attendees, meetings
from tests.unit.desk import OURS, REGION, THEIRS
from tests.unit.meetings.desk import MEDIA_PORT, SOMEBODY, Desk
from tests.wire.in_process import HOST

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_a_meeting_is_what_was_asked_for(desk: Desk) -> None:
    features: Any = {"Audio": {"EchoReduction": "AVAILABLE"}, "Attendee": {"MaxCount": 7}}
    made = desk.make_whole_meeting(
        ExternalMeetingId="Besprechung «A»: 1",
        MeetingHostId="host@example",
        MediaRegion="us-gov-west-1",
        TenantIds=["tenant-1", "tenant_2"],
        MeetingFeatures=features,
        NotificationsConfiguration={"SqsQueueArn": "arn:aws:sqs:us-east-1:111122223333:q"},
        MediaPlacementNetworkType="DualStack",
        Tags=[{"Key": "a", "Value": "b"}],
    )
    assert desk.last and desk.last.status == 201
    assert GUID.fullmatch(made["MeetingId"])
    assert made.pop("MediaPlacement")
    meeting_id = made.pop("MeetingId")
    assert made == {
        "ExternalMeetingId": "Besprechung «A»: 1",
        "MeetingHostId": "host@example",
        "MediaRegion": "us-gov-west-1",
        "TenantIds": ["tenant-1", "tenant_2"],
        "MeetingFeatures": features,
        "MeetingArn": f"arn:aws:chime:us-east-1:111122223333:meeting/{meeting_id}",
    }


def test_members_without_a_value_are_left_out(desk: Desk) -> None:
    made = desk.make_whole_meeting()
    assert made.keys() == {
        *("MeetingId", "ExternalMeetingId", "MediaRegion", "MediaPlacement", "MeetingArn"),
        "TenantIds",
    }
    assert made["TenantIds"] == []


def test_the_stage_hears_of_it(desk: Desk) -> None:
    made = desk.make_whole_meeting(MeetingFeatures={"Video": {"MaxResolution": "None"}})
    ((told,),) = desk.told("created")
    assert told.meeting_id == made["MeetingId"]
    assert told.external_meeting_id == "standup"
    assert (told.account_id, told.region) == (OURS.account_id, REGION)
    assert told.media_region == "eu-central-1"
    assert told.created_at == desk.clock.now / 1_000_000
    assert told.features == Features(video="None")
    assert told.primary_meeting_id is None


def test_get_gives_the_same_object(desk: Desk) -> None:
    made = desk.make_whole_meeting(MeetingHostId="host", MeetingFeatures={})
    meeting_id: str = made["MeetingId"]
    for spelling in (meeting_id, meeting_id.upper()):
        assert desk.client.get_meeting(MeetingId=spelling)["Meeting"] == made
        assert desk.last and desk.last.status == 200


def test_where_clients_connect(desk: Desk) -> None:
    made = desk.make_whole_meeting()
    meeting_id = made["MeetingId"]
    assert made["MediaPlacement"] == {
        "AudioHostUrl": f"hubbub.test:{MEDIA_PORT}",
        "AudioFallbackUrl": f"ws://{HOST}/calls/{meeting_id}",
        "SignalingUrl": f"ws://{HOST}/control/{meeting_id}",
        "TurnControlUrl": f"http://{HOST}/v2/turn_sessions",
        "ScreenDataUrl": f"ws://{HOST}/v2/screen/{meeting_id}",
        "ScreenViewingUrl": (
            f"ws://{HOST}/ws/connect?passcode=null&viewer_uuid=null&X-BitHub-Call-Id={meeting_id}"
        ),
        "ScreenSharingUrl": f"ws://{HOST}/v2/screen/{meeting_id}",
        "EventIngestionUrl": f"http://{HOST}/v1/client-events",
    }
    desk.secure = True
    found = desk.client.get_meeting(MeetingId=meeting_id)["Meeting"]["MediaPlacement"]
    assert found["SignalingUrl"] == f"wss://{HOST}/control/{meeting_id}"
    assert found["EventIngestionUrl"] == f"https://{HOST}/v1/client-events"


def test_delete_ends_it(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    attendee = desk.make_attendee(meeting_id)["AttendeeId"]
    client = desk.client
    client.delete_meeting(MeetingId=meeting_id.upper())
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    assert desk.told("ended") == [(meeting_id,)]
    assert desk.count(meeting_attendees) == 0
    of_one = {"MeetingId": meeting_id, "AttendeeId": attendee}
    calls: list[Any] = [
        lambda: client.get_meeting(MeetingId=meeting_id),
        lambda: client.delete_meeting(MeetingId=meeting_id),
        lambda: client.list_attendees(MeetingId=meeting_id),
        lambda: client.create_attendee(MeetingId=meeting_id, ExternalUserId="bob"),
        lambda: client.get_attendee(**of_one),
        lambda: client.delete_attendee(**of_one),
    ]
    for call in calls:
        with desk.refused("NotFoundException", "The meeting has ended"):
            call()
    assert desk.told("ended") == [(meeting_id,)]


def test_what_is_not_there(desk: Desk) -> None:
    calls: list[Any] = [desk.client.get_meeting, desk.client.delete_meeting]
    for call in calls:
        with desk.refused("NotFoundException", f"Meeting {SOMEBODY} not found"):
            call(MeetingId=SOMEBODY)


def test_others_have_no_part_in_it(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    for client in (desk.client_of(THEIRS), desk.client_of(region="eu-west-1")):
        with desk.refused("NotFoundException"):
            client.get_meeting(MeetingId=meeting_id)
        with desk.refused("NotFoundException"):
            client.delete_meeting(MeetingId=meeting_id)
        with desk.refused("NotFoundException"):
            client.create_attendee(MeetingId=meeting_id, ExternalUserId="eve")
    assert desk.told("ended") == []
    assert desk.count(meetings) == 1


def test_the_region_is_that_of_the_endpoint(desk: Desk) -> None:
    made = desk.make_whole_meeting(desk.client_of(region="eu-west-1"))
    assert made["MeetingArn"].startswith("arn:aws:chime:eu-west-1:")
    assert made["MediaRegion"] == "eu-central-1"


@pytest.mark.parametrize(
    ("features", "most"),
    [
        ({}, 250),
        ({"Attendee": {"MaxCount": 3}}, 3),
        ({"Video": {"MaxResolution": "FHD"}, "Attendee": {"MaxCount": 25}}, 25),
        ({"Content": {"MaxResolution": "UHD"}, "Attendee": {"MaxCount": 1}}, 1),
        ({"Video": {"MaxResolution": "HD"}, "Content": {"MaxResolution": "FHD"}}, 250),
        ({"Video": {"MaxResolution": "None"}, "Content": {"MaxResolution": "None"}}, 250),
    ],
)
def test_features_that_go_together(desk: Desk, features: Any, most: int) -> None:
    made = desk.make_whole_meeting(MeetingFeatures=features)
    assert made["MeetingFeatures"] == features
    ((told,),) = desk.told("created")
    assert told.features.max_attendees == most


@pytest.mark.parametrize(
    "features",
    [
        {"Video": {"MaxResolution": "FHD"}},
        {"Content": {"MaxResolution": "UHD"}},
        {"Video": {"MaxResolution": "FHD"}, "Attendee": {}},
        {"Video": {"MaxResolution": "FHD"}, "Attendee": {"MaxCount": 26}},
        {"Content": {"MaxResolution": "UHD"}, "Attendee": {"MaxCount": 250}},
        {"Attendee": {"MaxCount": 251}},
        {"Video": {"MaxResolution": "UHD"}},
        {"Content": {"MaxResolution": "HD"}},
        {"Video": {"MaxResolution": "hd"}},
        {"Audio": {"EchoReduction": "On"}},
    ],
)
def test_features_that_do_not(desk: Desk, features: Any) -> None:
    with desk.refused("BadRequestException", "MeetingFeatures"):
        desk.make_meeting(MeetingFeatures=features)
    assert desk.count(meetings) == 0
