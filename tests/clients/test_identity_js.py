"""The AWS SDK for JavaScript v3 on all 30 operations of identity: times must be numbers for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.javascript import JavaScript
from tests.server import Server

Call = Callable[..., Any]

LEX = {
    "LexBotAliasArn": "arn:aws:lex:us-east-1:111122223333:bot-alias/ABCDEFGHIJ/KLMNOPQRST",
    "LocaleId": "en_US",
}


@pytest.fixture
def call(aws_js: JavaScript, server: Server, region: str) -> Call:
    """Run an operation; its output. The status must be the given one."""

    def call(operation: str, status: int = 200, **members: Any) -> Any:
        answer = aws_js.aws(
            server, operation, service="chime-sdk-identity", region=region, **members
        )
        assert answer.get("status") == status, answer
        assert answer["requestId"]
        return answer["output"]

    return call


@pytest.fixture
def failing(aws_js: JavaScript, server: Server, region: str) -> Call:
    """Run an operation that must fail with an exception class the SDK knows."""

    def failing(operation: str, name: str, status: int, **members: Any) -> None:
        answer = aws_js.aws(
            server, operation, service="chime-sdk-identity", region=region, **members
        )
        assert "error" in answer, answer
        error = answer["error"]
        assert (error["name"], error["status"], error["known"]) == (name, status, True)
        assert error["members"]["Code"] + "Exception" == name
        assert error["requestId"]

    return failing


@pytest.fixture
def app_instance(call: Call) -> str:
    arn: str = call("CreateAppInstance", 201, Name="chat")["AppInstanceArn"]
    return arn


@pytest.fixture
def user(call: Call, app_instance: str) -> str:
    made = call(
        "CreateAppInstanceUser",
        201,
        AppInstanceArn=app_instance,
        AppInstanceUserId="ann@example.com",
        Name="Ann 😀",
    )
    arn: str = made["AppInstanceUserArn"]
    assert arn == f"{app_instance}/user/ann@example.com"
    return arn


def times(described: dict[str, Any]) -> tuple[str, str]:
    """CreatedTimestamp and LastUpdatedTimestamp, which the SDK has made dates of."""
    return described["CreatedTimestamp"]["$date"], described["LastUpdatedTimestamp"]["$date"]


def test_an_app_instance_through_its_life(call: Call, failing: Call, app_instance: str) -> None:
    of = {"AppInstanceArn": app_instance}
    described = call("DescribeAppInstance", **of)["AppInstance"]
    created, updated = times(described)
    assert created == updated
    assert call("UpdateAppInstance", **of, Name="talk", Metadata="{}") == of
    changed = call("DescribeAppInstance", **of)["AppInstance"]
    assert times(changed)[1] > created
    summary = {**of, "Name": "talk", "Metadata": "{}"}
    assert call("ListAppInstances") == {"AppInstances": [summary]}
    assert call("DeleteAppInstance", 204, **of) == {}
    failing("DescribeAppInstance", "ForbiddenException", 403, **of)
    assert call("ListAppInstances") == {"AppInstances": []}


def test_a_user_through_its_life(call: Call, failing: Call, app_instance: str, user: str) -> None:
    of = {"AppInstanceUserArn": user}
    described = call("DescribeAppInstanceUser", **of)["AppInstanceUser"]
    assert described["Name"] == "Ann 😀"
    assert len(times(described)) == 2
    assert call("UpdateAppInstanceUser", **of, Name="Anna", Metadata="m") == of
    listed = call("ListAppInstanceUsers", AppInstanceArn=app_instance, MaxResults=50)
    assert listed == {
        "AppInstanceArn": app_instance,
        "AppInstanceUsers": [{**of, "Name": "Anna", "Metadata": "m"}],
    }
    settings = {"ExpirationDays": 1, "ExpirationCriterion": "CREATED_TIMESTAMP"}
    put = call("PutAppInstanceUserExpirationSettings", **of, ExpirationSettings=settings)
    assert put == {**of, "ExpirationSettings": settings}
    assert call("PutAppInstanceUserExpirationSettings", **of) == of
    failing(
        "CreateAppInstanceUser",
        "ConflictException",
        409,
        AppInstanceArn=app_instance,
        AppInstanceUserId="ann@example.com",
        Name="Other",
    )
    assert call("DeleteAppInstanceUser", 204, **of) == {}
    failing("DescribeAppInstanceUser", "ForbiddenException", 403, **of)


def test_admins(call: Call, failing: Call, app_instance: str, user: str) -> None:
    both = {"AppInstanceArn": app_instance, "AppInstanceAdminArn": user}
    admin = {"Arn": user, "Name": "Ann 😀"}
    made = call("CreateAppInstanceAdmin", 201, **both)
    assert made == {"AppInstanceAdmin": admin, "AppInstanceArn": app_instance}
    described = call("DescribeAppInstanceAdmin", **both)["AppInstanceAdmin"]
    assert described["Admin"] == admin
    assert set(described["CreatedTimestamp"]) == {"$date"}
    listed = call("ListAppInstanceAdmins", AppInstanceArn=app_instance)
    assert listed == {"AppInstanceArn": app_instance, "AppInstanceAdmins": [{"Admin": admin}]}
    assert call("DeleteAppInstanceAdmin", 204, **both) == {}
    failing("DescribeAppInstanceAdmin", "ForbiddenException", 403, **both)


def test_a_bot_through_its_life(call: Call, failing: Call, app_instance: str) -> None:
    made = call(
        "CreateAppInstanceBot",
        201,
        AppInstanceArn=app_instance,
        Name="Robo",
        Configuration={"Lex": LEX},
    )
    described = call("DescribeAppInstanceBot", **made)["AppInstanceBot"]
    assert described["Configuration"] == {"Lex": LEX}
    assert len(times(described)) == 2
    assert call("UpdateAppInstanceBot", **made, Name="R2", Metadata="") == made
    listed = call("ListAppInstanceBots", AppInstanceArn=app_instance)
    assert listed["AppInstanceBots"] == [{**made, "Name": "R2", "Metadata": ""}]
    assert call("DeleteAppInstanceBot", 204, **made) == {}
    failing("DescribeAppInstanceBot", "NotFoundException", 404, **made)
    failing("DeleteAppInstanceBot", "ForbiddenException", 403, **made)


def test_an_endpoint_through_its_life(call: Call, user: str) -> None:
    made = call(
        "RegisterAppInstanceUserEndpoint",
        201,
        AppInstanceUserArn=user,
        Type="APNS",
        ResourceArn="arn:aws:mobiletargeting:us-east-1:111122223333:apps/0123456789abcdef",
        EndpointAttributes={"DeviceToken": "d", "VoipDeviceToken": "v"},
    )
    described = call("DescribeAppInstanceUserEndpoint", **made)["AppInstanceUserEndpoint"]
    assert described["EndpointState"] == {"Status": "ACTIVE"}
    assert len(times(described)) == 2
    assert call("UpdateAppInstanceUserEndpoint", **made, AllowMessages="NONE") == made
    (summary,) = call("ListAppInstanceUserEndpoints", AppInstanceUserArn=user)[
        "AppInstanceUserEndpoints"
    ]
    assert (summary["EndpointId"], summary["AllowMessages"]) == (made["EndpointId"], "NONE")
    assert call("DeregisterAppInstanceUserEndpoint", 204, **made) == {}


def test_retention(call: Call, app_instance: str) -> None:
    settings = {"ChannelRetentionSettings": {"RetentionDays": 7}}
    put = call(
        "PutAppInstanceRetentionSettings",
        AppInstanceArn=app_instance,
        AppInstanceRetentionSettings=settings,
    )
    assert put["AppInstanceRetentionSettings"] == settings
    assert set(put["InitiateDeletionTimestamp"]) == {"$date"}
    assert call("GetAppInstanceRetentionSettings", AppInstanceArn=app_instance) == put


def test_tags(call: Call, failing: Call, user: str) -> None:
    of = {"ResourceARN": user}
    assert call("TagResource", 204, **of, Tags=[{"Key": "k", "Value": "é"}]) == {}
    assert call("ListTagsForResource", **of) == {"Tags": [{"Key": "k", "Value": "é"}]}
    failing("TagResource", "BadRequestException", 400, **of, Tags=[{"Key": "aws:k", "Value": "v"}])
    assert call("UntagResource", 204, **of, TagKeys=["k"]) == {}
    assert call("ListTagsForResource", **of) == {"Tags": []}
