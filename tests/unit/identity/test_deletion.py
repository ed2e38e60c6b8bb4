"""DeleteAppInstance hides at once and clears away in the background (spec 6)."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from hubbub.identity import clearing
from hubbub.store.tables import (
    app_instance_admins,
    app_instance_bots,
    app_instance_user_endpoints,
    app_instance_users,
    app_instances,
    client_request_tokens,
    deletions,
    leases,
)
from tests.unit.identity.conftest import MakeDesk
from tests.unit.identity.dependents import Messages
from tests.unit.identity.desk import LEX, PINPOINT, Desk

BELOW = (
    app_instance_admins,
    app_instance_bots,
    app_instance_user_endpoints,
    app_instance_users,
    client_request_tokens,
    deletions,
)
TOKEN: dict[str, Any] = {"ClientRequestToken": "tt"}


def furnished(desk: Desk, users: int = 3) -> str:
    """An app instance with something of everything."""
    app_instance = desk.make_app_instance(Tags=[{"Key": "k", "Value": "v"}])
    for number in range(users):
        user = desk.make_user(app_instance, f"u{number}")
        if number < 3:
            desk.make_endpoint(user)
            desk.make_admin(app_instance, user)
    desk.make_admin(app_instance, desk.make_bot(app_instance))
    desk.make_bot(app_instance)
    desk.client.put_app_instance_retention_settings(
        AppInstanceArn=app_instance,
        AppInstanceRetentionSettings={"ChannelRetentionSettings": {"RetentionDays": 1}},
    )
    return app_instance


def test_everything_below_it_is_gone_at_once(desk: Desk) -> None:
    client = desk.client
    app = furnished(desk)
    user = f"{app}/user/u0"
    bot = client.list_app_instance_bots(AppInstanceArn=app)["AppInstanceBots"][0][
        "AppInstanceBotArn"
    ]
    endpoint = client.list_app_instance_user_endpoints(AppInstanceUserArn=user)[
        "AppInstanceUserEndpoints"
    ][0]["EndpointId"]
    client.delete_app_instance(AppInstanceArn=app)
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    assert client.list_app_instances()["AppInstances"] == []
    configuration: Any = {"Lex": LEX}
    retention: Any = {"ChannelRetentionSettings": {"RetentionDays": 1}}
    of_user: Any = {"AppInstanceUserArn": user}
    of_admin: Any = {"AppInstanceArn": app, "AppInstanceAdminArn": user}
    tags: Any = [{"Key": "k", "Value": "v"}]
    calls: tuple[Callable[[], object], ...] = (
        lambda: client.delete_app_instance(AppInstanceArn=app),
        lambda: client.describe_app_instance(AppInstanceArn=app),
        lambda: client.update_app_instance(AppInstanceArn=app, Name="n", Metadata=""),
        lambda: client.get_app_instance_retention_settings(AppInstanceArn=app),
        lambda: client.put_app_instance_retention_settings(
            AppInstanceArn=app, AppInstanceRetentionSettings=retention
        ),
        lambda: client.create_app_instance_user(
            AppInstanceArn=app, AppInstanceUserId="new", Name="n", **TOKEN
        ),
        lambda: client.describe_app_instance_user(**of_user),
        lambda: client.update_app_instance_user(**of_user, Name="n", Metadata=""),
        lambda: client.delete_app_instance_user(**of_user),
        lambda: client.list_app_instance_users(AppInstanceArn=app),
        lambda: client.put_app_instance_user_expiration_settings(**of_user),
        lambda: client.create_app_instance_admin(
            AppInstanceArn=app, AppInstanceAdminArn=f"{app}/user/u1"
        ),
        lambda: client.describe_app_instance_admin(**of_admin),
        lambda: client.delete_app_instance_admin(**of_admin),
        lambda: client.list_app_instance_admins(AppInstanceArn=app),
        lambda: client.create_app_instance_bot(
            AppInstanceArn=app, Configuration=configuration, **TOKEN
        ),
        lambda: client.update_app_instance_bot(AppInstanceBotArn=bot, Name="", Metadata=""),
        lambda: client.delete_app_instance_bot(AppInstanceBotArn=bot),
        lambda: client.list_app_instance_bots(AppInstanceArn=app),
        lambda: client.register_app_instance_user_endpoint(
            **of_user,
            Type="GCM",
            ResourceArn=PINPOINT,
            EndpointAttributes={"DeviceToken": "d"},
            **TOKEN,
        ),
        lambda: client.describe_app_instance_user_endpoint(**of_user, EndpointId=endpoint),
        lambda: client.update_app_instance_user_endpoint(**of_user, EndpointId=endpoint, Name="n"),
        lambda: client.deregister_app_instance_user_endpoint(**of_user, EndpointId=endpoint),
        lambda: client.list_app_instance_user_endpoints(**of_user),
        *(
            call
            for arn in (app, user, bot)
            for call in (
                partial(client.list_tags_for_resource, ResourceARN=arn),
                partial(client.tag_resource, ResourceARN=arn, Tags=tags),
                partial(client.untag_resource, ResourceARN=arn, TagKeys=["k"]),
            )
        ),
    )
    for worked in (False, True):
        if worked:
            desk.work()
        for call in calls:
            with desk.refused("ForbiddenException"):
                call()
        with desk.refused("NotFoundException"):
            client.describe_app_instance_bot(AppInstanceBotArn=bot)


def test_no_row_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "ROWS_AT_ONCE", 200)
    kept = furnished(desk)
    before = [desk.count(table) for table in (app_instances, *BELOW)]
    app_instance = furnished(desk, users=230)
    desk.client.delete_app_instance_user(AppInstanceUserArn=f"{app_instance}/user/u9")
    desk.client.delete_app_instance(AppInstanceArn=app_instance)
    desk.work()
    after = [desk.count(table) for table in (app_instances, *BELOW)]
    before[BELOW.index(client_request_tokens) + 1] += 1  # CreateAppInstance's, kept for replays
    assert after == before
    assert desk.count(leases) == 0
    assert desk.client.describe_app_instance(AppInstanceArn=kept)


def test_other_services_clear_away_first(make_desk: MakeDesk) -> None:
    messages = Messages(pieces=3)
    desk = make_desk(dependents=messages)
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    bot = desk.make_bot(app_instance)
    first = desk.run(desk.identity.directory.find(user))
    assert first is not None
    desk.client.delete_app_instance_user(AppInstanceUserArn=user)
    desk.client.delete_app_instance_bot(AppInstanceBotArn=bot)
    assert messages.ended == [user, bot]
    again = desk.make_user(app_instance)
    second = desk.run(desk.identity.directory.find(again))
    assert second is not None and second.incarnation != first.incarnation
    desk.work()
    # What they have to clear is that of the first user alone.
    assert messages.calls == {(user, first.incarnation): 3, (bot, bot[-36:]): 3}
    messages.calls.clear()
    desk.client.delete_app_instance(AppInstanceArn=app_instance)
    assert messages.ended[-1] == app_instance
    desk.work()
    assert messages.calls == {(app_instance, ""): 3}
    assert desk.count(app_instances, deletions) == 0


def test_a_service_that_fails_is_asked_again(make_desk: MakeDesk) -> None:
    messages = Messages()
    desk = make_desk(dependents=messages)
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    messages.fails = True
    desk.client.delete_app_instance_user(AppInstanceUserArn=user)  # answers all the same
    with pytest.raises(RuntimeError, match="told to fail"):
        desk.work()
    assert desk.count(deletions) == 1
    messages.fails = False
    desk.work()
    assert desk.count(deletions, leases) == 0


def test_one_node_at_a_time_does_it(make_desk: MakeDesk, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        return  # one server only, which needs no lease
    busy, idle = make_desk(), make_desk()
    busy.client.delete_app_instance(AppInstanceArn=furnished(busy))
    lease = busy.identity.job._lease
    assert busy.run(lease.take())
    assert not idle.run(idle.identity.job.run())
    assert busy.count(app_instances) == 1
    busy.clock.advance(19)
    assert busy.run(lease.take())  # goes on with its work
    busy.clock.advance(19)
    assert not idle.run(idle.identity.job.run())
    busy.clock.advance(2)  # it has died
    assert idle.run(idle.identity.job.run())
    assert idle.count(app_instances, leases) == 0


def test_the_job_starts_by_itself(desk: Desk) -> None:
    app_instance = furnished(desk)

    desk.run(desk.identity.start())
    desk.client.delete_app_instance(AppInstanceArn=app_instance)
    for _ in range(400):
        if not desk.count(app_instances, deletions):
            break
        desk.run(asyncio.sleep(0.02))
    assert desk.count(app_instances, app_instance_users, deletions) == 0


VICTIM = """
import asyncio, os, signal, sys
from pathlib import Path
from hubbub.access.keyring import Keyring
from hubbub.identity import ChimeIdentity
from hubbub.identity import clearing
from hubbub.settings import Settings
from hubbub.store.opening import open_store

clearing.ROWS_AT_ONCE = 5

async def main(url, step, before_commit):
    store = await open_store(url, Path("unused"))
    identity = ChimeIdentity(
        store=store, bus=None, keyring=Keyring(b"k" * 32), settings=Settings(), is_shared=False
    )
    writes = 0
    write = store.write

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    async def counted(work):
        nonlocal writes
        writes += 1

        async def killed(transaction):
            await work(transaction)
            die()

        if writes == step and before_commit:
            await write(killed)
        result = await write(work)
        if writes == step:
            die()
        return result

    store.write = counted
    await identity.job.run()
    await store.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == 'True'))
"""
"""A node that is killed at a step of its work: before its transaction is committed, or after."""


def test_it_survives_being_killed_at_any_step(desk: Desk, database_url: str) -> None:
    desk.client.delete_app_instance(AppInstanceArn=furnished(desk, users=12))
    left = [desk.count(*BELOW)]
    for attempt in range(60):
        step, before_commit = 1 + attempt % 3, attempt % 2 == 0
        victim = subprocess.run(
            [sys.executable, "-c", VICTIM, database_url, str(step), str(before_commit)],
            check=False,
            capture_output=True,
            text=True,
        )
        left.append(desk.count(*BELOW))
        if victim.returncode == 0:
            break
        assert victim.returncode == -signal.SIGKILL, victim.stderr
        assert left[-1] <= left[-2]
    assert victim.returncode == 0
    assert len(left) > 3  # it was killed more than once on its way
    assert desk.count(app_instances, *BELOW) == 0
