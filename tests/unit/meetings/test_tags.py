"""Tags of meetings (chime-meetings A.10)."""

from __future__ import annotations

from typing import Any

from tests.unit.desk import OURS, THEIRS
from tests.unit.meetings.desk import SOMEBODY, Desk

ABSENT = f"arn:aws:chime:us-east-1:{OURS.account_id}:meeting/{SOMEBODY}"


def tag(key: str, value: str = "") -> Any:
    return {"Key": key, "Value": value}


def tags_of(desk: Desk, arn: str) -> dict[str, str]:
    found = desk.client.list_tags_for_resource(ResourceARN=arn)["Tags"]
    return {each["Key"]: each["Value"] for each in found}


def test_tags_come_and_go(desk: Desk) -> None:
    arn = desk.make_whole_meeting(Tags=[tag("a", "1"), tag("b")])["MeetingArn"]
    assert tags_of(desk, arn) == {"a": "1", "b": ""}
    desk.client.tag_resource(ResourceARN=arn, Tags=[tag("a", "2"), tag("c", "x y")])
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    assert tags_of(desk, arn) == {"a": "2", "b": "", "c": "x y"}
    desk.client.untag_resource(ResourceARN=arn, TagKeys=["b", "none"])
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    assert tags_of(desk, arn) == {"a": "2", "c": "x y"}


def test_a_meeting_without_tags(desk: Desk) -> None:
    arn = desk.make_whole_meeting()["MeetingArn"]
    assert desk.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def test_fifty_are_the_most(desk: Desk) -> None:
    arn = desk.make_whole_meeting(Tags=[tag(f"k{n}") for n in range(49)])["MeetingArn"]
    with desk.refused("TooManyTagsException"):
        desk.client.tag_resource(ResourceARN=arn, Tags=[tag("x"), tag("y")])
    assert desk.last and desk.last.json["ResourceName"] == arn
    assert len(tags_of(desk, arn)) == 49
    desk.client.tag_resource(ResourceARN=arn, Tags=[tag("x"), tag("k1", "new")])
    assert len(tags_of(desk, arn)) == 50


def test_tags_die_with_the_meeting(desk: Desk) -> None:
    made = desk.make_whole_meeting(Tags=[tag("a")])
    desk.client.delete_meeting(MeetingId=made["MeetingId"])
    with desk.refused("ResourceNotFoundException"):
        desk.client.list_tags_for_resource(ResourceARN=made["MeetingArn"])


def test_what_is_not_there(desk: Desk) -> None:
    arn = desk.make_whole_meeting()["MeetingArn"]
    theirs = desk.client_of(THEIRS)
    elsewhere = desk.client_of(region="eu-west-1")
    cases = [
        (desk.client, ABSENT),
        (theirs, arn),
        (elsewhere, arn),
        (desk.client, "arn:aws:chime:us-east-1:111122223333:meeting/x"),
        (desk.client, f"arn:aws:chime:us-east-1:111122223333:phone/{SOMEBODY}"),
        (desk.client, "arn:"),
    ]
    for client, named in cases:
        calls: list[Any] = [
            lambda client=client, named=named: client.list_tags_for_resource(ResourceARN=named),
            lambda client=client, named=named: client.tag_resource(
                ResourceARN=named, Tags=[tag("a")]
            ),
            lambda client=client, named=named: client.untag_resource(
                ResourceARN=named, TagKeys=["a"]
            ),
        ]
        for call in calls:
            with desk.refused("ResourceNotFoundException"):
                call()
            assert desk.last and desk.last.json["ResourceName"] == named


def test_ids_are_compared_without_case(desk: Desk) -> None:
    made = desk.make_whole_meeting(Tags=[tag("a", "1")])
    arn = made["MeetingArn"].replace(made["MeetingId"], made["MeetingId"].upper())
    assert tags_of(desk, arn) == {"a": "1"}
