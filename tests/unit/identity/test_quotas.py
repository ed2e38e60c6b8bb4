"""Quotas (spec 8), exact also for requests that are under way together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from hubbub.settings import Limits
from hubbub.store.tables import app_instance_users
from tests.unit.desk import THEIRS
from tests.unit.identity.conftest import MakeDesk
from tests.unit.identity.desk import Desk

LIMITS = Limits(app_instances=2, app_instance_users=2, app_instance_admins=1, endpoints_per_user=2)


def test_app_instances_of_an_account_and_region(make_desk: MakeDesk) -> None:
    desk = make_desk(LIMITS)
    first = desk.make_app_instance()
    desk.make_app_instance()
    with desk.refused("ResourceLimitExceededException"):
        desk.make_app_instance()
    assert desk.client_of(THEIRS).create_app_instance(Name="n", ClientRequestToken="tt")
    assert desk.client_of(region="eu-west-1").create_app_instance(Name="n", ClientRequestToken="tt")
    desk.client.delete_app_instance(AppInstanceArn=first)
    desk.make_app_instance()
    with desk.refused("ResourceLimitExceededException"):
        desk.make_app_instance()


def test_users_of_an_app_instance(make_desk: MakeDesk) -> None:
    desk = make_desk(LIMITS)
    app_instance = desk.make_app_instance()
    ann = desk.make_user(app_instance, "ann")
    desk.make_user(app_instance, "bob")
    with desk.refused("ResourceLimitExceededException"):
        desk.make_user(app_instance, "carl")
    with desk.refused("ConflictException"):  # comes before quotas (spec 1.5)
        desk.make_user(app_instance, "ann")
    desk.make_user(desk.make_app_instance(), "carl")
    desk.client.delete_app_instance_user(AppInstanceUserArn=ann)
    desk.make_user(app_instance, "carl")
    with desk.refused("ResourceLimitExceededException"):
        desk.make_user(app_instance, "dora")


def test_admins_of_an_app_instance(make_desk: MakeDesk) -> None:
    desk = make_desk(LIMITS)
    app_instance = desk.make_app_instance()
    ann, bob = (desk.make_user(app_instance, name) for name in ("ann", "bob"))
    desk.make_admin(app_instance, ann)
    with desk.refused("ResourceLimitExceededException"):
        desk.make_admin(app_instance, bob)
    with desk.refused("ConflictException"):
        desk.make_admin(app_instance, ann)
    with desk.refused("ForbiddenException"):
        desk.make_admin(app_instance, f"{app_instance}/user/carl")
    desk.client.delete_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=ann)
    desk.make_admin(app_instance, bob)
    desk.client.delete_app_instance_user(AppInstanceUserArn=bob)
    desk.make_admin(app_instance, ann)


def test_endpoints_of_a_user(make_desk: MakeDesk) -> None:
    desk = make_desk(LIMITS)
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    endpoint = desk.make_endpoint(user, Type="GCM")
    desk.make_endpoint(user, Type="APNS")
    with desk.refused("ResourceLimitExceededException"):
        desk.make_endpoint(user, Type="APNS_SANDBOX")
    with desk.refused("ConflictException"):
        desk.make_endpoint(user, Type="GCM")
    desk.make_endpoint(desk.make_user(app_instance, "bob"))
    desk.client.deregister_app_instance_user_endpoint(AppInstanceUserArn=user, EndpointId=endpoint)
    desk.make_endpoint(user, Type="APNS_SANDBOX")


def test_users_made_together_do_not_pass_the_quota(make_desk: MakeDesk) -> None:
    desks = [make_desk(Limits(app_instance_users=10)) for _ in range(2)]
    app_instance = desks[0].make_app_instance()

    def one(number: int) -> str:
        desk: Desk = desks[number % 2]
        try:
            desk.make_user(app_instance, f"u{number}")
        except ClientError as error:
            return type(error).__name__
        return "made"

    with ThreadPoolExecutor(10) as threads:
        outcomes = list(threads.map(one, range(30)))
    assert outcomes.count("made") == 10
    assert set(outcomes) == {"made", "ResourceLimitExceededException"}
    assert desks[0].count(app_instance_users) == 10
