"""Push endpoints (spec 4.5)."""

from __future__ import annotations

from typing import Any

from tests.unit.identity.desk import ABSENT, PINPOINT, Desk

DEVICE = {"DeviceToken": "device-1"}


def test_a_registered_endpoint_is_described_and_listed(desk: Desk) -> None:
    user = desk.make_user(desk.make_app_instance())
    attributes = {"DeviceToken": "device-1", "VoipDeviceToken": "voip-1"}
    endpoint = desk.make_endpoint(
        user, Name="phone", EndpointAttributes=attributes, AllowMessages="NONE"
    )
    assert desk.last and desk.last.status == 201
    assert desk.last.json == {"AppInstanceUserArn": user, "EndpointId": endpoint}
    assert 0 < len(endpoint) <= 64
    desk.client.describe_app_instance_user_endpoint(AppInstanceUserArn=user, EndpointId=endpoint)
    assert desk.last.json["AppInstanceUserEndpoint"] == {
        "AppInstanceUserArn": user,
        "EndpointId": endpoint,
        "Name": "phone",
        "Type": "APNS",
        "ResourceArn": PINPOINT,
        "EndpointAttributes": attributes,
        "AllowMessages": "NONE",
        "EndpointState": {"Status": "ACTIVE"},
        "CreatedTimestamp": 1777883000.126,
        "LastUpdatedTimestamp": 1777883000.126,
    }
    listed = desk.client.list_app_instance_user_endpoints(AppInstanceUserArn=user)
    assert listed["AppInstanceUserEndpoints"] == [
        {
            "AppInstanceUserArn": user,
            "EndpointId": endpoint,
            "Name": "phone",
            "Type": "APNS",
            "AllowMessages": "NONE",
            "EndpointState": {"Status": "ACTIVE"},
        }
    ]


def test_all_messages_are_allowed_by_default(desk: Desk) -> None:
    user = desk.make_user(desk.make_app_instance())
    endpoint = desk.make_endpoint(user, Type="GCM")
    found = desk.client.describe_app_instance_user_endpoint(
        AppInstanceUserArn=user, EndpointId=endpoint
    )["AppInstanceUserEndpoint"]
    assert found["AllowMessages"] == "ALL"
    assert "Name" not in found


def test_an_update_changes_what_it_names(desk: Desk) -> None:
    user = desk.make_user(desk.make_app_instance())
    endpoint = desk.make_endpoint(user, Name="phone")
    both: dict[str, Any] = {"AppInstanceUserArn": user, "EndpointId": endpoint}
    answer = desk.client.update_app_instance_user_endpoint(**both, AllowMessages="NONE")
    assert (answer["AppInstanceUserArn"], answer["EndpointId"]) == (user, endpoint)
    found = desk.client.describe_app_instance_user_endpoint(**both)["AppInstanceUserEndpoint"]
    assert (found["Name"], found["AllowMessages"]) == ("phone", "NONE")
    assert found["LastUpdatedTimestamp"] > found["CreatedTimestamp"]
    desk.client.update_app_instance_user_endpoint(**both, Name="tablet")
    found = desk.client.describe_app_instance_user_endpoint(**both)["AppInstanceUserEndpoint"]
    assert (found["Name"], found["AllowMessages"]) == ("tablet", "NONE")


def test_the_same_device_is_a_conflict(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    desk.make_endpoint(user)
    with desk.refused("ConflictException"):
        desk.make_endpoint(user, Name="again")
    desk.make_endpoint(user, Type="APNS_SANDBOX")
    desk.make_endpoint(user, ResourceArn=PINPOINT + "0")
    desk.make_endpoint(user, EndpointAttributes={"DeviceToken": "device-2"})
    desk.make_endpoint(desk.make_user(app_instance, "bob"))


def test_a_deregistered_endpoint_is_gone(desk: Desk) -> None:
    user = desk.make_user(desk.make_app_instance())
    both = {"AppInstanceUserArn": user, "EndpointId": desk.make_endpoint(user)}
    desk.client.deregister_app_instance_user_endpoint(**both)
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    with desk.refused("ForbiddenException"):
        desk.client.deregister_app_instance_user_endpoint(**both)
    desk.make_endpoint(user)


def test_absent_ones_are_forbidden(desk: Desk) -> None:
    app_instance = desk.make_app_instance()
    user = desk.make_user(app_instance)
    other = desk.make_user(app_instance, "bob")
    endpoint = desk.make_endpoint(other)
    for arn, name in (
        (user, endpoint),
        (user, "\0"),
        (user, "é"),
        (f"{app_instance}/user/no", endpoint),
        (f"{ABSENT}/user/bob", endpoint),
    ):
        both: dict[str, Any] = {"AppInstanceUserArn": arn, "EndpointId": name}
        with desk.refused("ForbiddenException"):
            desk.client.describe_app_instance_user_endpoint(**both)
        with desk.refused("ForbiddenException"):
            desk.client.update_app_instance_user_endpoint(**both, Name="n")
        with desk.refused("ForbiddenException"):
            desk.client.deregister_app_instance_user_endpoint(**both)
    for arn in (f"{app_instance}/user/no", ABSENT):
        with desk.refused("ForbiddenException"):
            desk.make_endpoint(arn)
        with desk.refused("ForbiddenException"):
            desk.client.list_app_instance_user_endpoints(AppInstanceUserArn=arn)


def test_bad_input_is_refused(desk: Desk) -> None:
    cases: list[dict[str, Any]] = [
        {"Type": "SMS"},
        {"Type": "GCM", "EndpointAttributes": DEVICE | {"VoipDeviceToken": "v"}},
        {"EndpointAttributes": {"DeviceToken": "x" * 1601}},
        {"EndpointAttributes": {"DeviceToken": "a\0b"}},
        {"ResourceArn": "an app"},
        {"ResourceArn": PINPOINT + "\0"},
        {"AllowMessages": "SOME"},
        {"Name": "x" * 1601},
        {"Name": "a\0b"},
        {"ClientRequestToken": "x y"},
    ]
    for broken in cases:
        user = desk.make_user(desk.make_app_instance())
        with desk.refused("BadRequestException"):
            desk.make_endpoint(user, **broken)
