"""Identity on a real server that is killed at bad moments."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.server import running_server

BELOW = (
    "app_instance_users",
    "app_instance_user_endpoints",
    "app_instance_admins",
    "app_instance_bots",
    "deletions",
)


def rows(data_dir: Path) -> int:
    """How many there are in all tables below app instances, as the database file has it."""
    with sqlite3.connect(f"file:{data_dir / 'hubbub.db'}?mode=ro", uri=True) as database:
        counts = [
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in BELOW
        ]
    database.close()
    return sum(counts)


def test_a_deletion_goes_on_after_kill_9(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        client = server.boto3("chime-sdk-identity")
        app_instance = client.create_app_instance(Name="chat")["AppInstanceArn"]

        def make(number: int) -> str:
            arn: str = client.create_app_instance_user(
                AppInstanceArn=app_instance, AppInstanceUserId=f"u{number}", Name="n"
            )["AppInstanceUserArn"]
            return arn

        with ThreadPoolExecutor(8) as threads:
            users = list(threads.map(make, range(600)))
        client.create_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=users[0])
        client.delete_app_instance(AppInstanceArn=app_instance)
        server.kill()
        # It had no time to finish; the 204 was on disk.
        assert rows(tmp_path) > 0
        server.start()
        client = server.boto3("chime-sdk-identity")
        assert client.list_app_instances()["AppInstances"] == []
        with pytest.raises(ClientError, match="ForbiddenException"):
            client.describe_app_instance_user(AppInstanceUserArn=users[-1])
        deadline = time.monotonic() + 30
        while rows(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert rows(tmp_path) == 0
        assert server.stop() == 0


def test_what_was_answered_is_there_after_kill_9(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        client = server.boto3("chime-sdk-identity")
        app_instance = client.create_app_instance(Name="chat", Metadata="m")["AppInstanceArn"]
        user = client.create_app_instance_user(
            AppInstanceArn=app_instance,
            AppInstanceUserId="ann",
            Name="Ann",
            ClientRequestToken="once",
        )["AppInstanceUserArn"]
        server.kill()
        server.start()
        client = server.boto3("chime-sdk-identity")
        found = client.describe_app_instance_user(AppInstanceUserArn=user)["AppInstanceUser"]
        assert found["Name"] == "Ann"
        # The answer may have been lost: the client's retry gets the same.
        again = client.create_app_instance_user(
            AppInstanceArn=app_instance,
            AppInstanceUserId="ann",
            Name="Ann",
            ClientRequestToken="once",
        )
        assert again["AppInstanceUserArn"] == user
