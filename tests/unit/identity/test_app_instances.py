"""App instances (spec 4.1)."""

from __future__ import annotations

import re

import pytest

from tests.unit.desk import THEIRS
from tests.unit.identity.desk import ABSENT, Desk


def test_a_new_app_instance_is_described_and_listed(desk: Desk) -> None:
    arn = desk.make_app_instance("chat", Metadata="m", Tags=[{"Key": "team", "Value": "a"}])
    assert re.fullmatch(r"arn:aws:chime:us-east-1:111122223333:app-instance/[0-9a-f-]{36}", arn)
    assert desk.last and desk.last.status == 201
    assert desk.last.json == {"AppInstanceArn": arn}
    described = desk.client.describe_app_instance(AppInstanceArn=arn)["AppInstance"]
    assert desk.last.json["AppInstance"] == {
        "AppInstanceArn": arn,
        "Name": "chat",
        "Metadata": "m",
        "CreatedTimestamp": 1777883000.124,
        "LastUpdatedTimestamp": 1777883000.124,
    }
    assert described["CreatedTimestamp"] == described["LastUpdatedTimestamp"]
    listed = desk.client.list_app_instances()
    assert listed["AppInstances"] == [{"AppInstanceArn": arn, "Name": "chat", "Metadata": "m"}]
    assert "NextToken" not in listed


def test_an_update_replaces_name_and_metadata(desk: Desk) -> None:
    arn = desk.make_app_instance("chat", Metadata="m")
    updated = desk.client.update_app_instance(AppInstanceArn=arn, Name="talk", Metadata="")
    assert updated["AppInstanceArn"] == arn
    assert desk.last and desk.last.status == 200
    described = desk.client.describe_app_instance(AppInstanceArn=arn)["AppInstance"]
    assert described["Name"] == "talk"
    assert described["Metadata"] == ""
    assert described["LastUpdatedTimestamp"] > described["CreatedTimestamp"]


def test_metadata_that_was_never_set_is_left_out(desk: Desk) -> None:
    arn = desk.make_app_instance()
    assert "Metadata" not in desk.client.describe_app_instance(AppInstanceArn=arn)["AppInstance"]
    assert "Metadata" not in desk.client.list_app_instances()["AppInstances"][0]
    empty = desk.make_app_instance("other", Metadata="")
    described = desk.client.describe_app_instance(AppInstanceArn=empty)["AppInstance"]
    assert described["Metadata"] == ""


@pytest.mark.parametrize("missing", ["Name", "Metadata"])
def test_an_update_needs_both(desk: Desk, missing: str) -> None:
    arn = desk.make_app_instance()
    body = b'{"Metadata": "m"}' if missing == "Name" else b'{"Name": "n"}'
    target = f"/app-instances/{arn.replace(':', '%3A').replace('/', '%2F')}"
    answer = desk.ask_raw("PUT", target, body)
    assert (answer.status, answer.error_type) == (400, "BadRequestException")


def test_the_same_name_may_be_used_twice(desk: Desk) -> None:
    assert desk.make_app_instance("chat") != desk.make_app_instance("chat")


def test_others_and_other_regions_do_not_see_it(desk: Desk) -> None:
    arn = desk.make_app_instance()
    for client in (desk.client_of(THEIRS), desk.client_of(region="eu-central-1")):
        assert client.list_app_instances()["AppInstances"] == []
        with desk.refused("ForbiddenException"):
            client.describe_app_instance(AppInstanceArn=arn)
        foreign = arn.replace("111122223333", "444455556666")
        with desk.refused("ForbiddenException"):
            client.describe_app_instance(AppInstanceArn=foreign)
        with desk.refused("ForbiddenException"):
            client.describe_app_instance(AppInstanceArn=arn.replace("us-east-1", "eu-central-1"))


def test_an_absent_one_is_forbidden(desk: Desk) -> None:
    for arn in (ABSENT, "arn:aws:chime:::x", f"{ABSENT}/user/ann", ABSENT.upper().lower() + "0"):
        with desk.refused("ForbiddenException"):
            desk.client.describe_app_instance(AppInstanceArn=arn)
        with desk.refused("ForbiddenException"):
            desk.client.update_app_instance(AppInstanceArn=arn, Name="n", Metadata="")
        with desk.refused("ForbiddenException"):
            desk.client.delete_app_instance(AppInstanceArn=arn)


def test_what_is_no_arn_is_a_bad_request(desk: Desk) -> None:
    with desk.refused("BadRequestException"):
        desk.client.describe_app_instance(AppInstanceArn="chat-1")
