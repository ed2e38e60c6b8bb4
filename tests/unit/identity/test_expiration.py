"""Expiration of users (spec 4.7) by the clock of the test."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from hubbub.store.tables import app_instance_users, deletions
from tests.unit.identity.desk import DAY, Desk


def in_days(days: int) -> Any:
    return {"ExpirationDays": days, "ExpirationCriterion": "CREATED_TIMESTAMP"}


def test_settings_given_at_creation_are_described(desk: Desk) -> None:
    arn = desk.make_user(desk.make_app_instance(), ExpirationSettings=in_days(5475))
    user = desk.client.describe_app_instance_user(AppInstanceUserArn=arn)["AppInstanceUser"]
    assert user["ExpirationSettings"] == in_days(5475)


def test_settings_are_put_and_removed(desk: Desk) -> None:
    arn = desk.make_user(desk.make_app_instance())
    desk.client.put_app_instance_user_expiration_settings(
        AppInstanceUserArn=arn, ExpirationSettings=in_days(2)
    )
    assert desk.last and desk.last.status == 200
    assert desk.last.json == {"AppInstanceUserArn": arn, "ExpirationSettings": in_days(2)}
    user = desk.client.describe_app_instance_user(AppInstanceUserArn=arn)["AppInstanceUser"]
    assert user["ExpirationSettings"] == in_days(2)
    desk.client.put_app_instance_user_expiration_settings(AppInstanceUserArn=arn)
    assert (desk.last.status, desk.last.json) == (200, {"AppInstanceUserArn": arn})
    user = desk.client.describe_app_instance_user(AppInstanceUserArn=arn)["AppInstanceUser"]
    assert "ExpirationSettings" not in user


def test_other_settings_are_refused(desk: Desk) -> None:
    for settings in [
        b'{"ExpirationDays": 0, "ExpirationCriterion": "CREATED_TIMESTAMP"}',
        b'{"ExpirationDays": 5476, "ExpirationCriterion": "CREATED_TIMESTAMP"}',
        b'{"ExpirationDays": 1, "ExpirationCriterion": "LAST_SEEN"}',
        b'{"ExpirationDays": 1}',
        b'{"ExpirationCriterion": "CREATED_TIMESTAMP"}',
        b'{"ExpirationDays": "1", "ExpirationCriterion": "CREATED_TIMESTAMP"}',
    ]:
        arn = desk.make_user(desk.make_app_instance())
        target = f"/app-instance-users/{arn.replace('/', '%2F')}/expiration-settings"
        answer = desk.ask_raw("PUT", target, b'{"ExpirationSettings": %b}' % settings)
        assert (answer.status, answer.error_type) == (400, "BadRequestException")


def test_users_go_when_their_time_has_come(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    app_instance = desk.make_app_instance()
    start = desk.clock.now
    short = desk.make_user(app_instance, "short", ExpirationSettings=in_days(1))
    desk.make_user(app_instance, "long", ExpirationSettings=in_days(2))
    desk.make_user(app_instance, "ever")
    desk.make_admin(app_instance, short)
    desk.clock.now = start + 1_000 + DAY * 1_000_000 - 1
    desk.work()
    assert desk.client.describe_app_instance_user(AppInstanceUserArn=short)
    desk.clock.now += 1
    # Until the job has come by it looks and acts alive.
    assert desk.client.describe_app_instance_user(AppInstanceUserArn=short)
    with caplog.at_level(logging.INFO, "hubbub.identity"):
        desk.work()
    reason = "AppInstanceUser deleted due to expiration settings."
    assert caplog.messages == [f"ExpireAppInstanceUser {short}: {reason}"]
    with desk.refused("ForbiddenException"):
        desk.client.describe_app_instance_user(AppInstanceUserArn=short)
    listed = desk.client.list_app_instance_users(AppInstanceArn=app_instance)
    assert [user["Name"] for user in listed["AppInstanceUsers"]] == ["Long", "Ever"]
    admins = desk.client.list_app_instance_admins(AppInstanceArn=app_instance)
    assert admins["AppInstanceAdmins"] == []
    assert desk.count(deletions) == 0


@pytest.mark.parametrize("settings", [None, 3])
def test_an_expired_user_who_is_still_there_is_revived_by_a_put(
    desk: Desk, settings: int | None
) -> None:
    arn = desk.make_user(desk.make_app_instance(), ExpirationSettings=in_days(1))
    desk.clock.advance(2 * DAY)
    given = {} if settings is None else {"ExpirationSettings": in_days(settings)}
    desk.client.put_app_instance_user_expiration_settings(AppInstanceUserArn=arn, **given)
    desk.work()
    assert desk.client.describe_app_instance_user(AppInstanceUserArn=arn)


def test_many_expire_together(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    for number in range(120):
        desk.make_user(app_instance, f"u{number}", ExpirationSettings=in_days(1))
    other = desk.make_app_instance()
    desk.make_user(other, ExpirationSettings=in_days(1))
    desk.client.delete_app_instance(AppInstanceArn=other)
    desk.clock.advance(DAY + 1)
    desk.work()
    assert desk.count(app_instance_users, deletions) == 0
