"""What each call needs to be allowed (spec 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubbub.wire.service import Call, Demand
from tests.unit.desk import OURS, REGION
from tests.unit.identity.desk import ABSENT, Desk

USER = f"{ABSENT}/user/ann"
BOT = f"{ABSENT}/bot/robo"
BOTH = {"AppInstanceArn": ABSENT, "AppInstanceAdminArn": USER}
TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "x", "Value": "1"}]

RESOURCES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "CreateAppInstance": ({}, ["arn:aws:chime:us-east-1:111122223333:app-instance/*"]),
    "ListAppInstances": ({"MaxResults": 1}, ["*"]),
    **{
        name: ({"AppInstanceArn": ABSENT}, [ABSENT])
        for name in (
            "DescribeAppInstance",
            "UpdateAppInstance",
            "DeleteAppInstance",
            "PutAppInstanceRetentionSettings",
            "GetAppInstanceRetentionSettings",
            "CreateAppInstanceUser",
            "ListAppInstanceUsers",
            "CreateAppInstanceBot",
            "ListAppInstanceBots",
            "ListAppInstanceAdmins",
        )
    },
    **{
        name: ({"AppInstanceUserArn": USER}, [USER])
        for name in (
            "DescribeAppInstanceUser",
            "UpdateAppInstanceUser",
            "DeleteAppInstanceUser",
            "PutAppInstanceUserExpirationSettings",
            "RegisterAppInstanceUserEndpoint",
            "DescribeAppInstanceUserEndpoint",
            "UpdateAppInstanceUserEndpoint",
            "DeregisterAppInstanceUserEndpoint",
            "ListAppInstanceUserEndpoints",
        )
    },
    **{
        name: ({"AppInstanceBotArn": BOT}, [BOT])
        for name in ("DescribeAppInstanceBot", "UpdateAppInstanceBot", "DeleteAppInstanceBot")
    },
    **{
        name: (BOTH, [ABSENT, USER])
        for name in (
            "CreateAppInstanceAdmin",
            "DescribeAppInstanceAdmin",
            "DeleteAppInstanceAdmin",
        )
    },
    **{
        name: ({"ResourceARN": BOT}, [BOT])
        for name in ("TagResource", "UntagResource", "ListTagsForResource")
    },
}
"""Operation -> input, resources."""


def demands(
    desk: Desk, operation: str, params: dict[str, Any], region: str = REGION
) -> Sequence[Demand]:
    call = Call("chime-sdk-identity", operation, OURS, region, "request", "127.0.0.1", {})
    asked = desk.identity.service.demands
    assert asked is not None
    return asked(call, params)


def test_every_operation_is_in_the_table(desk: Desk) -> None:
    assert RESOURCES.keys() == desk.identity.service.model.operations.keys()
    assert RESOURCES.keys() == desk.identity.service.handlers.keys()


def test_actions_and_resources(desk: Desk) -> None:
    for operation, (params, resources) in RESOURCES.items():
        demanded = demands(desk, operation, params)
        assert [each.resource for each in demanded] == resources
        assert {each.action for each in demanded} == {f"chime:{operation}"}


def test_expiration_settings_at_creation_need_their_own_action(desk: Desk) -> None:
    demanded = demands(
        desk,
        "CreateAppInstanceUser",
        {"AppInstanceArn": ABSENT, "ExpirationSettings": {"ExpirationDays": 1}},
    )
    assert [(each.action, each.resource) for each in demanded] == [
        ("chime:CreateAppInstanceUser", ABSENT),
        ("chime:PutAppInstanceUserExpirationSettings", ABSENT),
    ]


def test_tags_of_the_request_are_conditions(desk: Desk) -> None:
    (demand,) = demands(desk, "TagResource", {"ResourceARN": USER, "Tags": TAGS})
    assert demand.conditions == {
        "aws:RequestTag/team": "blue",
        "aws:RequestTag/x": "1",
        "aws:TagKeys": ("team", "x"),
    }
    (demand,) = demands(desk, "UntagResource", {"ResourceARN": USER, "TagKeys": ["team"]})
    assert demand.conditions == {"aws:TagKeys": ("team",)}
    (demand,) = demands(desk, "ListAppInstances", {})
    assert demand.conditions == {}


def test_tags_of_the_resource_can_be_read(desk: Desk) -> None:
    app_instance = desk.make_app_instance(Tags=TAGS)
    user = desk.make_user(app_instance, Tags=TAGS[:1])
    for params, region, tags in (
        ({"AppInstanceArn": app_instance}, REGION, {"team": "blue", "x": "1"}),
        ({"AppInstanceUserArn": user}, REGION, {"team": "blue"}),
        ({"AppInstanceUserArn": user}, "eu-central-1", {}),
        ({"AppInstanceUserArn": f"{app_instance}/user/no"}, REGION, {}),
        ({}, REGION, {}),
    ):
        (demand,) = demands(desk, "Any", params, region)
        assert demand.resource_tags is not None

        async def read(demand: Demand = demand) -> dict[str, str]:
            assert demand.resource_tags is not None
            return dict(await demand.resource_tags())

        assert desk.run(read()) == tags
