"""ClientRequestToken (spec 5), also of calls that are under way together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hubbub.identity.idempotency import KEPT_MICROSECONDS, TOKENS_AT_ONCE
from hubbub.settings import Limits
from hubbub.store.tables import (
    app_instance_bots,
    app_instance_user_endpoints,
    app_instance_users,
    app_instances,
    client_request_tokens,
)
from tests.unit.identity.conftest import MakeDesk
from tests.unit.identity.desk import LEX, Desk

TOKEN: dict[str, Any] = {"ClientRequestToken": "the-same"}
TAGS = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]

Make = Callable[[Desk, str, dict[str, Any]], str]
KINDS: dict[str, tuple[Make, Any, dict[str, Any]]] = {
    "app instance": (
        lambda desk, _, more: desk.make_app_instance(**{"name": "n", **more}),
        app_instances,
        {"Metadata": "other"},
    ),
    "user": (
        lambda desk, parent, more: desk.make_user(parent, **{"user_id": "bob", **more}),
        app_instance_users,
        {"user_id": "other"},
    ),
    "bot": (
        lambda desk, parent, more: desk.make_bot(parent, **more),
        app_instance_bots,
        {"Configuration": {"Lex": LEX | {"LocaleId": "de_DE"}}},
    ),
    "endpoint": (
        lambda desk, parent, more: desk.make_endpoint(f"{parent}/user/ann", **more),
        app_instance_user_endpoints,
        {"AllowMessages": "NONE"},
    ),
}
"""How one is made, its table, and other input."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def parent(desk: Desk) -> str:
    app_instance = desk.make_app_instance()
    desk.make_user(app_instance, "ann")
    return app_instance


def test_the_same_request_gets_the_first_result(desk: Desk, parent: str, kind: str) -> None:
    make, table, _ = KINDS[kind]
    first = make(desk, parent, dict(TOKEN))
    count = desk.count(table)
    assert make(desk, parent, dict(TOKEN)) == first
    assert desk.last and desk.last.status == 201
    assert desk.count(table) == count


def test_other_input_is_a_conflict(desk: Desk, parent: str, kind: str) -> None:
    make, table, other = KINDS[kind]
    make(desk, parent, dict(TOKEN))
    count = desk.count(table)
    with desk.refused("ConflictException"):
        make(desk, parent, TOKEN | other)
    assert desk.count(table) == count


def test_tags_are_compared_as_a_map(desk: Desk) -> None:
    first = desk.make_app_instance(Tags=TAGS, **TOKEN)
    assert desk.make_app_instance(Tags=TAGS[::-1], **TOKEN) == first
    with desk.refused("ConflictException"):
        desk.make_app_instance(Tags=TAGS[:1], **TOKEN)
    with desk.refused("ConflictException"):
        desk.make_app_instance(**TOKEN)


def test_a_token_is_good_for_one_operation_and_parent(desk: Desk, parent: str) -> None:
    other = desk.make_app_instance()
    made = {
        desk.make_app_instance(**TOKEN),
        desk.make_user(parent, "bob", **TOKEN),
        desk.make_user(other, "bob", **TOKEN),
        desk.make_bot(parent, **TOKEN),
        desk.make_bot(other, **TOKEN),
        desk.make_endpoint(f"{parent}/user/ann", **TOKEN),
        desk.make_endpoint(f"{parent}/user/bob", **TOKEN),
    }
    assert len(made) == 7
    elsewhere = desk.client_of(region="eu-central-1")
    assert elsewhere.create_app_instance(Name="n", **TOKEN)["AppInstanceArn"] not in made


def test_after_a_refusal_the_token_is_free(desk: Desk, parent: str) -> None:
    with desk.refused("ConflictException"):
        desk.make_user(parent, "ann", **TOKEN)
    assert desk.make_user(parent, "bob", **TOKEN)


def test_a_replay_after_a_deletion_is_a_conflict(desk: Desk, parent: str) -> None:
    client = desk.client
    app_instance = desk.make_app_instance(**TOKEN)
    user = desk.make_user(parent, "bob", **TOKEN)
    bot = desk.make_bot(parent, **TOKEN)
    endpoint = desk.make_endpoint(f"{parent}/user/ann", **TOKEN)
    client.delete_app_instance(AppInstanceArn=app_instance)
    client.delete_app_instance_user(AppInstanceUserArn=user)
    client.delete_app_instance_bot(AppInstanceBotArn=bot)
    client.deregister_app_instance_user_endpoint(
        AppInstanceUserArn=f"{parent}/user/ann", EndpointId=endpoint
    )
    for worked in (False, True):
        if worked:
            desk.work()
        with desk.refused("ConflictException"):
            desk.make_app_instance(**TOKEN)
        with desk.refused("ConflictException"):
            desk.make_user(parent, "bob", **TOKEN)
        with desk.refused("ConflictException"):
            desk.make_bot(parent, **TOKEN)
        with desk.refused("ConflictException"):
            desk.make_endpoint(f"{parent}/user/ann", **TOKEN)
    # Another user with that id is not what the first request made.
    desk.make_user(parent, "bob")
    with desk.refused("ConflictException"):
        desk.make_user(parent, "bob", **TOKEN)


def test_a_replay_counts_for_no_quota(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_instances=1, app_instance_users=1, endpoints_per_user=1))
    app_instance = desk.make_app_instance(**TOKEN)
    user = desk.make_user(app_instance, "ann", **TOKEN)
    endpoint = desk.make_endpoint(user, **TOKEN)
    assert desk.make_app_instance(**TOKEN) == app_instance
    assert desk.make_user(app_instance, "ann", **TOKEN) == user
    assert desk.make_endpoint(user, **TOKEN) == endpoint
    desk.client.delete_app_instance_user(AppInstanceUserArn=user)
    desk.make_user(app_instance, "bob")
    with desk.refused("ResourceLimitExceededException"):
        desk.make_user(app_instance, "carl")


def test_tokens_are_kept_for_two_days(desk: Desk) -> None:
    first = desk.make_app_instance(**TOKEN)
    for number in range(TOKENS_AT_ONCE // 100):
        desk.make_app_instance(f"n{number}")
    desk.clock.now += KEPT_MICROSECONDS - 10_000
    desk.work()
    assert desk.make_app_instance(**TOKEN) == first
    desk.clock.advance(1)
    desk.work()
    assert desk.count(client_request_tokens) == 0
    assert desk.make_app_instance(**TOKEN) != first


@pytest.mark.parametrize("nodes", [1, 2])
def test_fifty_identical_requests_make_one(
    make_desk: MakeDesk, database_url: str, kind: str, nodes: int
) -> None:
    desks = [make_desk() for _ in range(nodes)]
    parent = desks[0].make_app_instance()
    desks[0].make_user(parent, "ann")
    make, table, _ = KINDS[kind]
    before = desks[0].count(table)

    def one(number: int) -> str:
        return make(desks[number % nodes], parent, dict(TOKEN))

    with ThreadPoolExecutor(25) as threads:
        made = set(threads.map(one, range(50)))
    assert len(made) == 1
    assert desks[0].count(table) == before + 1
