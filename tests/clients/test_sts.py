"""STS of a running server: what it gives away is good for what it says, on every node."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from tests.clients.observed import tracebacks
from tests.scenarios.nodes import nodes
from tests.server import Server, running_server

if TYPE_CHECKING:
    from types_boto3_sts.client import STSClient

ROLE = "arn:aws:iam::000000000000:role/tokens"


def allow(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


ROLES = json.dumps(
    {ROLE: {"policy": allow("ivschat:CreateChatToken", "ivschat:GetRoom"), "trust": "*"}}
)


@pytest.fixture(scope="module", params=["serve", "dev"])
def sts_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with running_server(
        tmp_path_factory.mktemp("sts"), environment={"HUBBUB_ROLES": ROLES}, command=request.param
    ) as running:
        yield running
        assert tracebacks(running) == []
        assert running.stop() == 0


def client(server: Server, service: str, credentials: Mapping[str, Any]) -> Any:
    return server.boto3(
        service,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def denied(ask: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as caught:
        ask(**members)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return str(response["Error"]["Message"])


def test_a_session_policy_limits_to_one_room(sts_server: Server) -> None:
    chat, sts = sts_server.boto3("ivschat"), sts_server.boto3("sts")
    mine, other = (chat.create_room()["arn"] for _ in range(2))
    policy = allow("ivschat:CreateChatToken", "ivschat:GetRoom", resource=mine)
    answer = sts.get_federation_token(Name="kim", Policy=policy)
    kim = client(sts_server, "ivschat", answer["Credentials"])
    assert kim.get_room(identifier=mine)["arn"] == mine
    assert kim.create_chat_token(roomIdentifier=mine, userId="kim")["token"]
    arn = "arn:aws:sts::000000000000:federated-user/kim"
    assert denied(kim.get_room, identifier=other) == (
        f"User: {arn} is not authorized to perform: ivschat:GetRoom on resource: {other}"
    )
    assert "ivschat:DeleteRoom" in denied(kim.delete_room, identifier=mine)
    assert "ivschat:ListRooms" in denied(kim.list_rooms)
    chime = client(sts_server, "chime-sdk-identity", answer["Credentials"])
    assert "chime:ListAppInstances" in denied(chime.list_app_instances)


def test_a_role_of_the_settings(sts_server: Server) -> None:
    room = sts_server.boto3("ivschat").create_room()["arn"]
    sts: STSClient = sts_server.boto3("sts")
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="backend")
    backend = client(sts_server, "ivschat", answer["Credentials"])
    assert backend.get_room(identifier=room)["arn"] == room
    assert "ivschat:SendEvent" in denied(backend.send_event, roomIdentifier=room, eventName="x")
    again: STSClient = client(sts_server, "sts", answer["Credentials"])
    assert again.get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert "sts:AssumeRole" in denied(again.assume_role, RoleArn=ROLE, RoleSessionName="two")


def test_a_presigned_identity(sts_server: Server) -> None:
    """How servers learn from a client who it is, without its secret."""
    sts: STSClient = sts_server.boto3("sts")
    url = sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")
    with urlopen(url) as response:
        assert b"<Arn>arn:aws:iam::000000000000:root</Arn>" in response.read()


def test_who_is_unknown_reads_xml(sts_server: Server) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{sts_server.http}/", data=b"Action=GetCallerIdentity&Version=2011-06-15")
    assert caught.value.status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in caught.value.read()


def test_credentials_of_one_node_are_good_and_limited_on_another(
    tmp_path: Path, postgresql_url: str, redis_url: str
) -> None:
    environment = {"HUBBUB_ROLES": ROLES}
    with nodes(tmp_path, postgresql_url, redis_url, environment=environment) as (here, there):
        room = there.boto3("ivschat").create_room()["arn"]
        policy = allow("ivschat:GetRoom", resource=room)
        sts: STSClient = here.boto3("sts")
        for answer in (
            sts.get_federation_token(Name="kim", Policy=policy),
            sts.assume_role(RoleArn=ROLE, RoleSessionName="job", Policy=policy),
        ):
            credentials = answer["Credentials"]
            for node in (here, there):
                limited = client(node, "ivschat", credentials)
                assert limited.get_room(identifier=room)["arn"] == room
                denied(limited.create_chat_token, roomIdentifier=room, userId="kim")
        for node in (here, there):
            assert tracebacks(node) == []
