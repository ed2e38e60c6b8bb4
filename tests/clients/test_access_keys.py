"""Access keys made and revoked on the command line while the server runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.test_rooms import failure
from tests.clients.world import World
from tests.server import ROOT_KEY, Server

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient

OTHER_ACCOUNT = "210987654321"
SOON = 15.0  # seconds until a revoked key must be refused


def command(server: Server, *arguments: str) -> str:
    """Output of ``hubbub …`` on the server's data directory."""
    done = subprocess.run(
        [sys.executable, "-m", "hubbub", *arguments, "--data-dir", str(server.data_dir)],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "HUBBUB_ROOT_ACCESS_KEY_ID": ROOT_KEY[0],
            "HUBBUB_ROOT_SECRET_ACCESS_KEY": ROOT_KEY[1],
        },
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(text: str) -> dict[str, str]:
    """Variables of ``export NAME=value`` lines."""
    return dict(
        word.split("=", 1)
        for line in text.splitlines()
        if line.startswith("export ")
        for word in shlex.split(line)[1:]
    )


class Key:
    """A key and a client that uses it."""

    def __init__(self, server: Server, region: str, *arguments: str) -> None:
        variables = exported(command(server, "keys", "create", *arguments))
        self.id = variables["AWS_ACCESS_KEY_ID"]
        self.variables = variables
        self.client: IvschatClient = server.boto3(
            "ivschat",
            region_name=region,
            aws_access_key_id=self.id,
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables.get("AWS_SESSION_TOKEN"),
        )


@pytest.fixture
def keys(server: Server, region: str) -> Iterator[Any]:
    made: list[Key] = []

    def create(*arguments: str) -> Key:
        made.append(Key(server, region, *arguments))
        return made[-1]

    yield create
    for key in made:
        key.client.close()


def test_a_key_works_until_it_is_deleted(server: Server, keys: Any, world: World) -> None:
    key = keys()
    room = key.client.create_room()["arn"]
    assert world.ivschat.get_room(identifier=room)["arn"] == room
    assert key.id in command(server, "keys", "list")
    command(server, "keys", "delete", key.id)
    assert key.id not in command(server, "keys", "list")
    deadline = time.monotonic() + SOON
    with pytest.raises(ClientError) as error:
        while time.monotonic() < deadline:
            key.client.get_room(identifier=room)
            time.sleep(0.2)
    assert failure(error.value) == ("UnrecognizedClientException", 403)


def test_accounts_are_separate(keys: Any, world: World, region: str) -> None:
    other = keys("--account-id", OTHER_ACCOUNT).client
    theirs = other.create_room(name="theirs")["arn"]
    assert theirs.startswith(f"arn:aws:ivschat:{region}:{OTHER_ACCOUNT}:room/")
    mine = world.room(name="mine")
    assert [room["arn"] for room in other.list_rooms()["rooms"]] == [theirs]
    assert [room["arn"] for room in world.ivschat.list_rooms()["rooms"]] == [mine]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_room", {"identifier": mine}),
        ("update_room", {"identifier": mine, "name": "taken"}),
        ("delete_room", {"identifier": mine}),
        ("create_chat_token", {"roomIdentifier": mine, "userId": "spy"}),
        ("send_event", {"roomIdentifier": mine, "eventName": "x"}),
        ("delete_message", {"roomIdentifier": mine, "id": "abcdefghijkl"}),
        ("disconnect_user", {"roomIdentifier": mine, "userId": "kim"}),
        ("list_tags_for_resource", {"resourceArn": mine}),
        ("tag_resource", {"resourceArn": mine, "tags": {"a": "b"}}),
        ("untag_resource", {"resourceArn": mine, "tagKeys": ["a"]}),
    ]
    for name, members in calls:
        with pytest.raises(ClientError) as error:
            getattr(other, name)(**members)
        assert failure(error.value) == ("AccessDeniedException", 403), name
    # A forged ARN of the own account with the id of a stranger's room finds nothing.
    forged = mine.replace(":000000000000:", f":{OTHER_ACCOUNT}:")
    with pytest.raises(ClientError) as error:
        other.get_room(identifier=forged)
    assert failure(error.value) == ("ResourceNotFoundException", 404)
    log = world.ivschat.create_logging_configuration(
        destinationConfiguration={"s3": {"bucketName": "bucket"}}
    )["arn"]
    with pytest.raises(ClientError) as error:
        other.update_room(identifier=theirs, loggingConfigurationIdentifiers=[log])
    assert failure(error.value)[1] in (403, 404)


def test_temporary_credentials_end(server: Server, keys: Any, region: str) -> None:
    key = keys("--expires-in", "2")
    assert key.client.create_room()["arn"]
    without_token = server.boto3(
        "ivschat",
        region_name=region,
        aws_access_key_id=key.id,
        aws_secret_access_key=key.variables["AWS_SECRET_ACCESS_KEY"],
    )
    with pytest.raises(ClientError) as error:
        without_token.list_rooms()
    assert failure(error.value) == ("UnrecognizedClientException", 403)
    without_token.close()
    time.sleep(2.2)
    with pytest.raises(ClientError) as error:
        key.client.list_rooms()
    assert failure(error.value) == ("ExpiredTokenException", 403)


def test_the_secret_is_not_kept_in_the_open(server: Server, keys: Any) -> None:
    secret = keys().variables["AWS_SECRET_ACCESS_KEY"].encode()
    files = [path for path in server.data_dir.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert secret not in path.read_bytes(), path


def test_env_prints_what_sdks_read(server: Server) -> None:
    """The server's own port is any free one; `env` tells of the settings."""
    variables = exported(command(server, "env"))
    assert re.fullmatch(r"https?://\S+", variables["AWS_ENDPOINT_URL"])
    assert variables["AWS_ACCESS_KEY_ID"]
    assert variables["AWS_SECRET_ACCESS_KEY"]
