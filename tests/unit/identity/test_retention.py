"""Retention of messages (spec 4.6). 30 days pass in no time."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.identity import Retention
from tests.unit.identity.conftest import MakeDesk
from tests.unit.identity.dependents import Messages
from tests.unit.identity.desk import ABSENT, DAY, Desk

MICROSECONDS = 1_000_000


def put(desk: Desk, app_instance: str, days: int | None) -> Any:
    channels = {} if days is None else {"RetentionDays": days}
    return desk.client.put_app_instance_retention_settings(
        AppInstanceArn=app_instance,
        AppInstanceRetentionSettings={"ChannelRetentionSettings": channels},  # type: ignore[typeddict-item]
    )


def test_it_is_off_until_put(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    desk.client.get_app_instance_retention_settings(AppInstanceArn=app_instance)
    assert desk.last and desk.last.status == 200
    assert desk.last.json == {"AppInstanceRetentionSettings": {"ChannelRetentionSettings": {}}}


def test_deletion_is_initiated_thirty_days_after_the_put(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    answer = put(desk, app_instance, 1)
    assert desk.last and desk.last.status == 200
    assert desk.last.json == {
        "AppInstanceRetentionSettings": {"ChannelRetentionSettings": {"RetentionDays": 1}},
        "InitiateDeletionTimestamp": 1777883000.124 + 30 * DAY,
    }
    got = desk.client.get_app_instance_retention_settings(AppInstanceArn=app_instance)
    assert got["InitiateDeletionTimestamp"] == answer["InitiateDeletionTimestamp"]
    desk.clock.advance(10)
    later = put(desk, app_instance, 5475)["InitiateDeletionTimestamp"]
    assert (later - answer["InitiateDeletionTimestamp"]).total_seconds() == 10


@pytest.mark.parametrize("settings", [b'{"ChannelRetentionSettings": {}}', b"{}"])
def test_it_is_turned_off_by_empty_settings(desk: Desk, settings: bytes) -> None:
    app_instance = desk.make_app_instance()
    put(desk, app_instance, 7)
    target = f"/app-instances/{app_instance.replace('/', '%2F')}/retention-settings"
    off: Any = {"AppInstanceRetentionSettings": {"ChannelRetentionSettings": {}}}
    answer = desk.ask_raw("PUT", target, b'{"AppInstanceRetentionSettings": %b}' % settings)
    assert (answer.status, answer.json) == (200, off)
    assert desk.ask_raw("GET", target).json == off


@pytest.mark.parametrize("days", [0, 5476])
def test_other_numbers_of_days_are_refused(desk: Desk, days: int) -> None:
    app_instance = desk.make_app_instance()
    target = f"/app-instances/{app_instance.replace('/', '%2F')}/retention-settings"
    settings = b'{"ChannelRetentionSettings": {"RetentionDays": %d}}' % days
    answer = desk.ask_raw("PUT", target, b'{"AppInstanceRetentionSettings": %b}' % settings)
    assert (answer.status, answer.error_type) == (400, "BadRequestException")


def test_absent_app_instances_are_forbidden(desk: Desk) -> None:
    with desk.refused("ForbiddenException"):
        put(desk, ABSENT, 1)
    with desk.refused("ForbiddenException"):
        desk.client.get_app_instance_retention_settings(AppInstanceArn=ABSENT)


def test_messages_are_hidden_at_once_and_removed_after_the_grace() -> None:
    day = DAY * MICROSECONDS
    start = 1_777_883_000_000_000
    retention = Retention(days=7, put_time=start)
    assert retention.initiate_deletion_time == start + 30 * day
    assert retention.hidden_before(start) == start - 7 * day
    assert retention.removed_before(start) == 0
    assert retention.removed_before(start + 30 * day - 1) == 0
    assert retention.removed_before(start + 30 * day) == start + 23 * day
    assert retention.removed_before(start + 40 * day) == start + 33 * day
    off = Retention(days=0, put_time=start)
    assert off.hidden_before(start + 99 * day) == off.removed_before(start + 99 * day) == 0
    assert off.initiate_deletion_time == 0


def test_other_services_learn_what_holds(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    assert desk.run(desk.identity.retention.of(app_instance)) == Retention(0, 0)
    put(desk, app_instance, 3)
    assert desk.run(desk.identity.retention.of(app_instance)) == Retention(3, desk.clock.now)
    assert desk.run(desk.identity.retention.of(ABSENT)) is None
    assert desk.run(desk.identity.retention.of(f"{app_instance}/user/ann")) is None
    desk.client.delete_app_instance(AppInstanceArn=app_instance)
    assert desk.run(desk.identity.retention.of(app_instance)) is None


def test_the_job_has_messages_removed_after_the_grace(make_desk: MakeDesk) -> None:
    messages = Messages(pieces=3)
    desk = make_desk(dependents=messages)
    kept, limited, changed = (desk.make_app_instance(name) for name in "abc")
    put(desk, limited, 7)
    put(desk, changed, 7)
    desk.clock.advance(20 * DAY)
    put(desk, changed, 9)  # a later Put starts a new grace period
    desk.clock.advance(10 * DAY - 1)
    desk.work()
    assert messages.expired == {}
    desk.clock.advance(1)
    desk.work()
    # Called until nothing is left.
    assert messages.expired == {limited: [desk.clock.now - 7 * DAY * MICROSECONDS] * 3}
    desk.clock.advance(20 * DAY)
    put(desk, limited, None)
    messages.expired.clear()
    desk.work()
    assert messages.expired.keys() == {changed}
    assert kept not in messages.expired
