"""What a naive server gets wrong on the wire (spec 1, 10)."""

from __future__ import annotations

from urllib.parse import quote

from botocore.exceptions import ClientError

from hubbub.identity import owns
from tests.unit.identity.desk import ABSENT, Desk


def test_paths_hold_whole_arns_percent_encoded(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance, "us-east-1:a@b.c")
    # As botocore sends it: slashes as %2F, colons as %3A; and with nothing encoded but slashes.
    for target in (quote(user, safe=""), user.replace("/", "%2F")):
        answer = desk.ask_raw("GET", f"/app-instance-users/{target}")
        assert answer.json["AppInstanceUser"]["AppInstanceUserArn"] == user
    assert desk.ask_raw("GET", f"/app-instance-users/{user}").status == 404  # another path


def test_timestamps_are_numbers_of_seconds(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    answer = desk.ask_raw("GET", f"/app-instances/{quote(app_instance, safe='')}")
    created = answer.json["AppInstance"]["CreatedTimestamp"]
    assert created == 1777883000.124
    assert b'"CreatedTimestamp":1777883000.124' in answer.body


def test_every_answer_has_a_request_id(desk: Desk) -> None:
    answers = [
        desk.ask_raw("GET", "/app-instances"),
        desk.ask_raw("GET", f"/app-instances/{quote(ABSENT, safe='')}"),
        desk.ask_raw("GET", "/app-instances?max-results=99"),
    ]
    assert [answer.status for answer in answers] == [200, 403, 400]
    assert len({answer.headers["x-amzn-requestid"] for answer in answers}) == 3


def test_typed_exceptions_work(desk: Desk) -> None:
    try:
        desk.client.describe_app_instance(AppInstanceArn=ABSENT)
    except desk.client.exceptions.ForbiddenException as error:
        caught: ClientError = error
    assert caught.response["Error"]["Code"] == "ForbiddenException"
    assert desk.last and desk.last.json["Message"]


def test_calls_without_a_body_need_none(desk: Desk) -> None:
    user = desk.make_user(desk.make_app_instance())
    target = f"/app-instance-users/{quote(user, safe='')}/expiration-settings"
    assert desk.ask_raw("PUT", target).status == 200
    assert desk.ask_raw("PUT", target, b"{}").status == 200


def test_paths_of_tags_are_shared_by_services(desk: Desk) -> None:
    for arn, ours in (
        (ABSENT, True),
        (f"{ABSENT}/user/ann", True),
        (f"{ABSENT}/bot/x", True),
        ("arn:aws:chime:us-east-1:111122223333:app-instance", True),
        (f"{ABSENT}/channel/x", False),
        (f"{ABSENT}/channel-flow/x", False),
        ("arn:aws:chime:us-east-1:111122223333:meeting/x", False),
        ("ann", False),
        ("", False),
    ):
        assert owns(arn) is ours
        if ours:
            with desk.refused("ForbiddenException"):
                desk.client.list_tags_for_resource(ResourceARN=arn)


def test_nothing_has_a_paginator(desk: Desk) -> None:
    assert not desk.client.can_paginate("list_app_instance_users")
