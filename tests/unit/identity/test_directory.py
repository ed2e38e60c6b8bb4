"""Who is this ARN: the answers that other services get, on the node of a change and on others."""

from __future__ import annotations

from hubbub.identity import Identity
from tests.unit.identity.conftest import MakeDesk
from tests.unit.identity.desk import ABSENT, Desk


def who(desk: Desk, arn: str) -> Identity | None:
    return desk.run(desk.identity.directory.find(arn))


def test_users_and_bots_are_known_by_their_current_names(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance, "ann", Name="Ann")
    bot, nameless = desk.make_bot(app_instance, Name="Robo"), desk.make_bot(app_instance)
    found = who(desk, user)
    assert found is not None
    assert (found.arn, found.app_instance_arn, found.kind) == (user, app_instance, "user")
    assert (found.name, found.is_admin) == ("Ann", False)
    assert found.incarnation not in user
    found = who(desk, bot)
    assert found is not None
    assert (found.arn, found.kind, found.name, found.is_admin) == (bot, "bot", "Robo", False)
    found = who(desk, nameless)
    assert found is not None and found.name == ""


def test_nobody_else_is(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance, "ann")
    for arn in (
        app_instance,
        f"{app_instance}/user/no",
        f"{app_instance}/bot/ann",
        f"{app_instance}/channel/ann",
        f"{ABSENT}/user/ann",
        user.replace("us-east-1", "us-west-2"),
        user.replace("111122223333", "444455556666"),
        "",
        "ann",
    ):
        assert who(desk, arn) is None


def test_app_instances_are_alive_until_deleted(desk: Desk) -> None:
    directory = desk.identity.directory
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    assert desk.run(directory.is_alive(app_instance))
    assert not desk.run(directory.is_alive(ABSENT))
    assert not desk.run(directory.is_alive(user))
    desk.client.delete_app_instance(AppInstanceArn=app_instance)
    assert not desk.run(directory.is_alive(app_instance))


def test_every_change_holds_for_the_next_question_on_every_node(
    make_desk: MakeDesk, database_url: str
) -> None:
    desk = make_desk()
    # A database file has one server: there it is the one that has to forget what it knew.
    other = desk if database_url.startswith("sqlite") else make_desk()
    client = desk.client
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance, "ann")
    bot = desk.make_bot(app_instance, Name="Robo")
    seen = []

    def look() -> None:
        for each in (desk, other):
            found = who(each, user), who(each, bot)
            seen.append([(one.name, one.is_admin) if one else None for one in found])

    look()
    desk.make_admin(app_instance, user)
    look()
    desk.make_admin(app_instance, bot)
    look()
    client.delete_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=user)
    look()
    client.update_app_instance_user(AppInstanceUserArn=user, Name="Anna", Metadata="")
    look()
    client.update_app_instance_bot(AppInstanceBotArn=bot, Name="", Metadata="")
    look()
    client.delete_app_instance_user(AppInstanceUserArn=user)
    look()
    desk.make_user(app_instance, "ann", Name="Ann II")
    look()
    client.delete_app_instance_bot(AppInstanceBotArn=bot)
    look()
    client.delete_app_instance(AppInstanceArn=app_instance)
    look()
    expected = [
        [("Ann", False), ("Robo", False)],
        [("Ann", True), ("Robo", False)],
        [("Ann", True), ("Robo", True)],
        [("Ann", False), ("Robo", True)],
        [("Anna", False), ("Robo", True)],
        [("Anna", False), ("", True)],
        [None, ("", True)],
        [("Ann II", False), ("", True)],
        [("Ann II", False), None],
        [None, None],
    ]
    assert seen == [state for state in expected for _ in (desk, other)]
