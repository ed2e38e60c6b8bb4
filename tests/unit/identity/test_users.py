"""Users (spec 4.2)."""

from __future__ import annotations

import pytest
from botocore.exceptions import ParamValidationError

from tests.unit.desk import THEIRS
from tests.unit.identity.desk import ABSENT, Desk


def test_a_new_user_is_described_and_listed(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    arn = desk.make_user(app_instance, "ann", Name="Ann", Metadata="m")
    assert arn == f"{app_instance}/user/ann"
    assert desk.last and desk.last.status == 201
    desk.client.describe_app_instance_user(AppInstanceUserArn=arn)
    assert desk.last.json["AppInstanceUser"] == {
        "AppInstanceUserArn": arn,
        "Name": "Ann",
        "Metadata": "m",
        "CreatedTimestamp": 1777883000.125,
        "LastUpdatedTimestamp": 1777883000.125,
    }
    listed = desk.client.list_app_instance_users(AppInstanceArn=app_instance)
    assert listed["AppInstanceArn"] == app_instance
    assert listed["AppInstanceUsers"] == [
        {"AppInstanceUserArn": arn, "Name": "Ann", "Metadata": "m"}
    ]


def test_an_app_instance_without_users_lists_none(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    desk.make_bot(app_instance)  # bots are not in it
    listed = desk.client.list_app_instance_users(AppInstanceArn=app_instance)
    assert listed["AppInstanceUsers"] == []
    assert "NextToken" not in listed


def test_an_update_replaces_both_and_moves_the_time(desk: Desk) -> None:
    arn = desk.make_user(desk.make_app_instance(), Metadata="m")
    updated = desk.client.update_app_instance_user(AppInstanceUserArn=arn, Name="Anna", Metadata="")
    assert updated["AppInstanceUserArn"] == arn
    user = desk.client.describe_app_instance_user(AppInstanceUserArn=arn)["AppInstanceUser"]
    assert (user["Name"], user["Metadata"]) == ("Anna", "")
    assert user["LastUpdatedTimestamp"] > user["CreatedTimestamp"]  # though no time has passed


def test_ids_stand_in_the_arn_as_they_are(desk: Desk) -> None:
    for user_id in ["a", "ann@example.com", "us-east-1:1b2c-3d4e", "A.b_c-d:e@F", "0", "x" * 64]:
        arn = desk.make_user(desk.make_app_instance(), user_id)
        assert arn.endswith(f"/user/{user_id}")
        found = desk.client.describe_app_instance_user(AppInstanceUserArn=arn)
        assert found["AppInstanceUser"]["AppInstanceUserArn"] == arn


def test_ids_are_case_sensitive(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    assert desk.make_user(app_instance, "ann") != desk.make_user(app_instance, "Ann")


def test_other_ids_are_refused(desk: Desk) -> None:
    for user_id in ["-a", "a-", "a b", "a/b", "x" * 65, "é", "a\n", "a+b"]:
        app_instance = desk.make_app_instance()
        with desk.refused("BadRequestException"):
            desk.make_user(app_instance, user_id)


def test_an_id_that_is_in_use_is_a_conflict(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    arn = desk.make_user(app_instance, "ann", Name="Ann")
    for name in ("Ann", "Other"):
        with desk.refused("ConflictException"):
            desk.make_user(app_instance, "ann", Name=name)
    found = desk.client.describe_app_instance_user(AppInstanceUserArn=arn)
    assert found["AppInstanceUser"]["Name"] == "Ann"
    assert desk.make_user(desk.make_app_instance(), "ann") != arn


def test_a_deleted_user_is_gone_with_all_it_had(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    arn = desk.make_user(
        app_instance,
        "ann",
        Metadata="m",
        Tags=[{"Key": "k", "Value": "v"}],
        ExpirationSettings={"ExpirationDays": 3, "ExpirationCriterion": "CREATED_TIMESTAMP"},
    )
    desk.make_admin(app_instance, arn)
    desk.make_endpoint(arn)
    desk.client.delete_app_instance_user(AppInstanceUserArn=arn)
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    with desk.refused("ForbiddenException"):
        desk.client.describe_app_instance_user(AppInstanceUserArn=arn)
    with desk.refused("ForbiddenException"):
        desk.client.delete_app_instance_user(AppInstanceUserArn=arn)
    listed = desk.client.list_app_instance_users(AppInstanceArn=app_instance)
    assert listed["AppInstanceUsers"] == []
    admins = desk.client.list_app_instance_admins(AppInstanceArn=app_instance)
    assert admins["AppInstanceAdmins"] == []
    # The id may be used again, and begins with nothing.
    again = desk.make_user(app_instance, "ann", Name="Ann II")
    assert again == arn
    user = desk.client.describe_app_instance_user(AppInstanceUserArn=arn)["AppInstanceUser"]
    assert user.keys() == {
        "AppInstanceUserArn",
        "Name",
        "CreatedTimestamp",
        "LastUpdatedTimestamp",
    }
    assert desk.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    endpoints = desk.client.list_app_instance_user_endpoints(AppInstanceUserArn=arn)
    assert endpoints["AppInstanceUserEndpoints"] == []
    with desk.refused("ForbiddenException"):
        desk.client.describe_app_instance_admin(
            AppInstanceArn=app_instance, AppInstanceAdminArn=arn
        )


def test_absent_ones_are_forbidden(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    bot = desk.make_bot(app_instance)
    with desk.refused("ForbiddenException"):
        desk.make_user(ABSENT)
    with desk.refused("ForbiddenException"):
        desk.client.list_app_instance_users(AppInstanceArn=ABSENT)
    for arn in (f"{app_instance}/user/ann", app_instance, bot, f"{ABSENT}/user/ann"):
        with desk.refused("ForbiddenException"):
            desk.client.describe_app_instance_user(AppInstanceUserArn=arn)
        with desk.refused("ForbiddenException"):
            desk.client.update_app_instance_user(AppInstanceUserArn=arn, Name="n", Metadata="")
        with desk.refused("ForbiddenException"):
            desk.client.delete_app_instance_user(AppInstanceUserArn=arn)
        with desk.refused("ForbiddenException"):
            desk.client.put_app_instance_user_expiration_settings(AppInstanceUserArn=arn)


def test_those_of_others_are_forbidden(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    arn = desk.make_user(app_instance)
    for client in (desk.client_of(THEIRS), desk.client_of(region="eu-central-1")):
        # With the account and region of the caller in it, too, it is not there.
        for theirs in (
            arn,
            arn.replace("111122223333", "444455556666").replace("us-east-1", "eu-central-1"),
            arn.replace("111122223333", "444455556666"),
            arn.replace("us-east-1", "eu-central-1"),
        ):
            with desk.refused("ForbiddenException"):
                client.describe_app_instance_user(AppInstanceUserArn=theirs)
            with desk.refused("ForbiddenException"):
                client.delete_app_instance_user(AppInstanceUserArn=theirs)
            with desk.refused("ForbiddenException"):
                client.list_tags_for_resource(ResourceARN=theirs)
            parent = theirs.partition("/user/")[0]
            with desk.refused("ForbiddenException"):
                client.create_app_instance_user(
                    AppInstanceArn=parent,
                    AppInstanceUserId="bob",
                    Name="Bob",
                    ClientRequestToken="bob",
                )
            with desk.refused("ForbiddenException"):
                client.list_app_instance_users(AppInstanceArn=parent)
    assert desk.client.describe_app_instance_user(AppInstanceUserArn=arn)


def test_the_client_itself_asks_for_the_app_instance(desk: Desk) -> None:
    with pytest.raises(ParamValidationError):
        desk.client.list_app_instance_users()  # type: ignore[call-arg]
    answer = desk.ask_raw("GET", "/app-instance-users")
    assert (answer.status, answer.error_type) == (400, "BadRequestException")
