"""Pages of lists (spec 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.unit.desk import THEIRS
from tests.unit.identity.desk import DAY, Desk

List = Callable[..., Any]


def pages(list_page: List, **request: Any) -> Iterator[Any]:
    while True:
        page = list_page(**request)
        yield page
        if "NextToken" not in page:
            return
        assert len(page["NextToken"]) <= 2048
        request["NextToken"] = page["NextToken"]


def listed(desk: Desk, app_instance: str, size: int = 3) -> list[str]:
    parts = pages(desk.client.list_app_instance_users, AppInstanceArn=app_instance, MaxResults=size)
    return [user["Name"] for page in parts for user in page["AppInstanceUsers"]]


def test_users_come_in_the_order_of_their_creation(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    names = [f"User {number}" for number in range(10)]
    for number, name in enumerate(names):
        desk.make_user(app_instance, f"u{(number * 7) % 10}", Name=name)
    for size in (1, 3, 5, 9, 10, 50):
        assert listed(desk, app_instance, size) == names


def test_those_of_one_moment_all_come(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    for number in range(7):
        desk.make_user(app_instance, f"u{number}")
        desk.clock.advance(-0.001)
    assert sorted(listed(desk, app_instance, 2)) == [f"U{number}" for number in range(7)]


def test_pages_have_fifty_by_default(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    for number in range(51):
        desk.make_user(app_instance, f"u{number}")
    first, second = pages(desk.client.list_app_instance_users, AppInstanceArn=app_instance)
    assert (len(first["AppInstanceUsers"]), len(second["AppInstanceUsers"])) == (50, 1)
    desk.client.delete_app_instance_user(AppInstanceUserArn=f"{app_instance}/user/u50")
    (only,) = pages(desk.client.list_app_instance_users, AppInstanceArn=app_instance)
    assert len(only["AppInstanceUsers"]) == 50


def test_what_changes_meanwhile_makes_nothing_else_skip_or_repeat(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    for number in range(6):
        desk.make_user(app_instance, f"u{number}")
    seen = []
    parts = pages(desk.client.list_app_instance_users, AppInstanceArn=app_instance, MaxResults=2)
    for number, page in enumerate(parts):
        seen += [user["Name"] for user in page["AppInstanceUsers"]]
        # The one that the next page starts behind, one before it, and a new one.
        if number == 0:
            desk.client.delete_app_instance_user(AppInstanceUserArn=f"{app_instance}/user/u1")
            desk.client.delete_app_instance_user(AppInstanceUserArn=f"{app_instance}/user/u0")
            desk.make_user(app_instance, "new")
    assert seen == ["U0", "U1", "U2", "U3", "U4", "U5", "New"]


def test_every_list_has_pages(desk: Desk) -> None:
    client = desk.client
    app_instance = desk.make_app_instance()
    desk.make_app_instance()
    users = [desk.make_user(app_instance, name) for name in ("ann", "bob")]
    for user in users:
        desk.make_admin(app_instance, user)
    desk.make_admin(app_instance, desk.make_bot(app_instance))
    desk.make_bot(app_instance)
    desk.make_endpoint(users[0])
    desk.make_endpoint(users[0], Type="GCM")
    of = {"AppInstanceArn": app_instance}
    for list_page, member, request, count in (
        (client.list_app_instances, "AppInstances", {}, 2),
        (client.list_app_instance_users, "AppInstanceUsers", of, 2),
        (client.list_app_instance_admins, "AppInstanceAdmins", of, 3),
        (client.list_app_instance_bots, "AppInstanceBots", of, 2),
        (
            client.list_app_instance_user_endpoints,
            "AppInstanceUserEndpoints",
            {"AppInstanceUserArn": users[0]},
            2,
        ),
    ):
        ask: Any = list_page
        parts = [page[member] for page in pages(ask, MaxResults=1, **request)]
        assert [len(part) for part in parts] == [1] * count
        assert [entry for part in parts for entry in part] == ask(**request)[member]


def test_unreadable_tokens_are_refused(desk: Desk) -> None:
    for token in ["x", "x" * 2048, "é", "\0", "AAAA" * 20]:
        app_instance = desk.make_app_instance()
        with desk.refused("BadRequestException"):
            desk.client.list_app_instances(NextToken=token)
        with desk.refused("BadRequestException"):
            desk.client.list_app_instance_users(AppInstanceArn=app_instance, NextToken=token)


def test_tokens_are_bound_to_their_query(desk: Desk) -> None:
    app_instance, other = desk.make_app_instance(), desk.make_app_instance()
    for name in ("ann", "bob"):
        desk.make_user(app_instance, name)
        desk.make_bot(app_instance)
    page = desk.client.list_app_instance_users(AppInstanceArn=app_instance, MaxResults=1)
    token = page["NextToken"]
    with desk.refused("BadRequestException"):
        desk.client.list_app_instance_users(AppInstanceArn=other, NextToken=token)
    with desk.refused("BadRequestException"):
        desk.client.list_app_instance_bots(AppInstanceArn=app_instance, NextToken=token)
    with desk.refused("BadRequestException"):
        desk.client_of(THEIRS).list_app_instance_users(AppInstanceArn=app_instance, NextToken=token)
    # The size of pages may change, and time does not matter.
    desk.clock.advance(DAY)
    page = desk.client.list_app_instance_users(
        AppInstanceArn=app_instance, NextToken=token, MaxResults=50
    )
    assert [user["Name"] for user in page["AppInstanceUsers"]] == ["Bob"]
