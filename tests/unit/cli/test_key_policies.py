"""Keys and credentials that a policy limits, made beside a running server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.server import Server, running_server
from tests.unit.cli.test_commands import exported, keys


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("data")) as running:
        yield running


def chat(server: Server, made: dict[str, str]) -> Any:
    return server.boto3(
        "ivschat",
        aws_access_key_id=made["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=made["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=made.get("AWS_SESSION_TOKEN"),
    )


def only(path: Path, *actions: str, resource: str = "*", **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource} | more
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return str(path)


def code(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str | None, str | None]:
    error = caught.value.response["Error"]
    return error.get("Code"), error.get("Message")


def test_a_key_may_do_what_its_policy_allows(server: Server, tmp_path: Path) -> None:
    room = server.boto3("ivschat").create_room(name="one")["arn"]
    policy = only(tmp_path / "p.json", "ivschat:Get*", resource=room)
    made = exported(keys(server, "create", "--policy", policy).stdout)
    key = made["AWS_ACCESS_KEY_ID"]
    client = chat(server, made)

    assert client.get_room(identifier=room)["name"] == "one"
    with pytest.raises(ClientError) as caught:
        client.delete_room(identifier=room)
    assert code(caught) == (
        "AccessDeniedException",
        f"User: arn:aws:iam::000000000000:user/{key} is not authorized to perform:"
        f" ivschat:DeleteRoom on resource: {room}",
    )
    with pytest.raises(ClientError) as caught:
        client.get_room(identifier=room[:-1] + "_")  # invalid wins over denied
    assert code(caught)[0] == "ValidationException"
    with pytest.raises(ClientError) as caught:
        client.list_tags_for_resource(resourceArn=room)
    assert code(caught)[0] == "AccessDeniedException"
    with pytest.raises(ClientError) as caught:
        client.get_room(identifier=room[:-12] + "AAAAbbbbCCCC")  # denied wins over missing
    assert code(caught)[0] == "AccessDeniedException"


def test_policies_may_ask_for_tags(server: Server, tmp_path: Path) -> None:
    red = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    policy = only(tmp_path / "p.json", "ivschat:GetRoom", Condition=red)
    client = chat(server, exported(keys(server, "create", "--policy", policy).stdout))
    root = server.boto3("ivschat")
    for team, allowed in (("red", True), ("blue", False)):
        room = root.create_room(tags={"team": team})["arn"]
        if allowed:
            client.get_room(identifier=room)
            root.untag_resource(resourceArn=room, tagKeys=["team"])
        with pytest.raises(ClientError) as caught:
            client.get_room(identifier=room)
        assert code(caught)[0] == "AccessDeniedException"


def test_rooms_with_tags_need_leave_to_tag(server: Server, tmp_path: Path) -> None:
    policy = only(tmp_path / "p.json", "ivschat:CreateRoom")
    client = chat(server, exported(keys(server, "create", "--policy", policy).stdout))
    client.create_room()
    with pytest.raises(ClientError) as caught:
        client.create_room(tags={"team": "red"})
    assert "ivschat:TagResource on resource: arn:aws:ivschat:us-east-1:000000000000:room/*" in str(
        code(caught)[1]
    )


def test_temporary_credentials_may_have_a_policy(server: Server, tmp_path: Path) -> None:
    policy = only(tmp_path / "p.json", "ivschat:ListRooms")
    made = exported(keys(server, "create", "--expires-in", "900", "--policy", policy).stdout)
    client = chat(server, made)
    client.list_rooms()
    with pytest.raises(ClientError) as caught:
        client.create_room()
    assert code(caught)[0] == "AccessDeniedException"


def test_lists_show_whether_a_key_has_a_policy(server: Server, tmp_path: Path) -> None:
    policy = only(tmp_path / "p.json", "*")
    limited = exported(keys(server, "create", "--policy", policy).stdout)
    free = exported(keys(server, "create").stdout)
    lines = {line.split()[0]: line.split()[3:] for line in keys(server, "list").stdout.splitlines()}
    assert lines[limited["AWS_ACCESS_KEY_ID"]] == ["policy"]
    assert lines[free["AWS_ACCESS_KEY_ID"]] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file"),
        ("{", "not valid JSON"),
        ('{"Statement":{"Effect":"Allow","Action":"*"}}', "statement 1: needs one of Resource"),
    ],
)
def test_policies_that_are_none_make_no_key(
    server: Server, tmp_path: Path, text: str | None, words: str
) -> None:
    path = tmp_path / "p.json"
    if text is not None:
        path.write_text(text)
    before = keys(server, "list").stdout
    refused = keys(server, "create", "--policy", str(path))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert words in refused.stderr
    assert keys(server, "list").stdout == before
