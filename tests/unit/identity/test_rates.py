"""AWS's rates of API calls (spec 8), which hold only if the settings say so."""

from __future__ import annotations

from hubbub.settings import Limits
from tests.unit.identity.conftest import MakeDesk
from tests.unit.identity.desk import Desk


def burst(desk: Desk, operation: str, count: int, **request: str) -> None:
    """So many calls get through, one more is throttled."""
    desk.clock.advance(2)
    call = getattr(desk.client, operation)
    for _ in range(count):
        call(**request)
    with desk.refused("ThrottledClientException"):
        call(**request)


def test_there_are_none_by_default(desk: Desk) -> None:
    for _ in range(60):
        desk.client.list_app_instances()


def test_rates_of_accounts_app_instances_and_users(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(api_call_rates=True))
    first, second = desk.make_app_instance(), desk.make_app_instance()
    ann, bob = (desk.make_user(first, name) for name in ("ann", "bob"))
    burst(desk, "list_app_instances", 10)
    burst(desk, "list_app_instance_users", 10, AppInstanceArn=first)
    desk.client.list_app_instance_users(AppInstanceArn=second)
    burst(desk, "describe_app_instance", 20, AppInstanceArn=first)
    desk.client.describe_app_instance(AppInstanceArn=second)
    burst(desk, "describe_app_instance_user", 20, AppInstanceUserArn=ann)
    desk.client.describe_app_instance_user(AppInstanceUserArn=bob)
    burst(desk, "update_app_instance_user", 10, AppInstanceUserArn=ann, Name="n", Metadata="")
    with desk.refused("ThrottledClientException"):  # they count together
        desk.client.delete_app_instance_user(AppInstanceUserArn=bob)
    burst(desk, "update_app_instance", 5, AppInstanceArn=first, Name="n", Metadata="")
    burst(desk, "list_tags_for_resource", 50, ResourceARN=first)
