"""Admins (spec 4.3): a role of users and bots."""

from __future__ import annotations

from tests.unit.identity.desk import ABSENT, Desk


def test_a_user_is_promoted_and_keeps_its_arn(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance, "ann", Name="Ann")
    made = desk.client.create_app_instance_admin(
        AppInstanceArn=app_instance, AppInstanceAdminArn=user
    )
    assert desk.last and desk.last.status == 201
    assert made["AppInstanceAdmin"] == {"Arn": user, "Name": "Ann"}
    assert made["AppInstanceArn"] == app_instance
    desk.client.describe_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=user)
    assert desk.last.json["AppInstanceAdmin"] == {
        "Admin": {"Arn": user, "Name": "Ann"},
        "AppInstanceArn": app_instance,
        "CreatedTimestamp": 1777883000.125,
    }
    listed = desk.client.list_app_instance_admins(AppInstanceArn=app_instance)
    assert listed["AppInstanceAdmins"] == [{"Admin": {"Arn": user, "Name": "Ann"}}]
    assert listed["AppInstanceArn"] == app_instance


def test_names_are_the_current_ones(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    desk.make_admin(app_instance, user)
    desk.client.update_app_instance_user(AppInstanceUserArn=user, Name="New", Metadata="")
    found = desk.client.describe_app_instance_admin(
        AppInstanceArn=app_instance, AppInstanceAdminArn=user
    )
    assert found["AppInstanceAdmin"]["Admin"]["Name"] == "New"
    listed = desk.client.list_app_instance_admins(AppInstanceArn=app_instance)
    assert listed["AppInstanceAdmins"][0]["Admin"]["Name"] == "New"


def test_a_bot_is_promoted(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    named, nameless = desk.make_bot(app_instance, Name="Robo"), desk.make_bot(app_instance)
    desk.make_admin(app_instance, named)
    desk.make_admin(app_instance, nameless)
    listed = desk.client.list_app_instance_admins(AppInstanceArn=app_instance)
    assert listed["AppInstanceAdmins"] == [
        {"Admin": {"Arn": named, "Name": "Robo"}},
        {"Admin": {"Arn": nameless}},
    ]


def test_promotion_twice_is_a_conflict(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    desk.make_admin(app_instance, user)
    with desk.refused("ConflictException"):
        desk.make_admin(app_instance, user)
    assert len(desk.client.list_app_instance_admins(AppInstanceArn=app_instance)) >= 2


def test_a_demotion_leaves_the_user(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    desk.make_admin(app_instance, user)
    both = {"AppInstanceArn": app_instance, "AppInstanceAdminArn": user}
    desk.client.delete_app_instance_admin(**both)
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    with desk.refused("ForbiddenException"):
        desk.client.describe_app_instance_admin(**both)
    with desk.refused("ForbiddenException"):
        desk.client.delete_app_instance_admin(**both)
    assert desk.client.describe_app_instance_user(AppInstanceUserArn=user)
    listed = desk.client.list_app_instance_admins(AppInstanceArn=app_instance)
    assert listed["AppInstanceAdmins"] == []
    desk.make_admin(app_instance, user)


def test_one_of_another_app_instance_is_a_bad_request(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    stranger = desk.make_user(desk.make_app_instance())
    with desk.refused("BadRequestException"):
        desk.make_admin(app_instance, stranger)
    both = {"AppInstanceArn": app_instance, "AppInstanceAdminArn": stranger}
    with desk.refused("ForbiddenException"):
        desk.client.describe_app_instance_admin(**both)
    with desk.refused("ForbiddenException"):
        desk.client.delete_app_instance_admin(**both)


def test_absent_ones_are_forbidden(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    for parent, arn in (
        (app_instance, f"{app_instance}/user/ann"),
        (app_instance, f"{app_instance}/bot/ann"),
        (ABSENT, f"{ABSENT}/user/ann"),
    ):
        with desk.refused("ForbiddenException"):
            desk.make_admin(parent, arn)
        both = {"AppInstanceArn": parent, "AppInstanceAdminArn": arn}
        with desk.refused("ForbiddenException"):
            desk.client.describe_app_instance_admin(**both)
        with desk.refused("ForbiddenException"):
            desk.client.delete_app_instance_admin(**both)
    with desk.refused("ForbiddenException"):
        desk.client.list_app_instance_admins(AppInstanceArn=ABSENT)
