"""``hubbub app-instance``, ``hubbub user`` and ``hubbub admin`` on a running server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import ROOT_KEY, Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("data")) as running:
        yield running


def hubbub(data_dir: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "hubbub", *arguments, "--data-dir", str(data_dir)],
        env={
            "HUBBUB_ROOT_ACCESS_KEY_ID": ROOT_KEY[0],
            "HUBBUB_ROOT_SECRET_ACCESS_KEY": ROOT_KEY[1],
        },
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_people_make_an_app_instance_a_user_and_an_admin(server: Server) -> None:
    status, app_instance, _ = hubbub(server.data_dir, "app-instance", "create", "My chat")
    assert status == 0
    status, user, _ = hubbub(server.data_dir, "user", "create", app_instance, "ann", "Ann")
    assert (status, user) == (0, f"{app_instance}/user/ann")
    status, admin, _ = hubbub(server.data_dir, "admin", "add", app_instance, user)
    assert (status, admin) == (0, user)
    client = server.boto3("chime-sdk-identity")
    listed = client.list_app_instance_admins(AppInstanceArn=app_instance)["AppInstanceAdmins"]
    assert listed == [{"Admin": {"Arn": user, "Name": "Ann"}}]
    refused = hubbub(server.data_dir, "admin", "add", app_instance, user)
    text = "hubbub: ConflictException: The ARN is of an admin of the app instance already"
    assert refused == (1, "", text)
    status, _, text = hubbub(server.data_dir, "app-instance", "create", "")
    assert status == 1
    assert text.startswith("hubbub: Parameter validation failed: Invalid length")


def test_there_has_to_be_a_server(tmp_path: Path) -> None:
    status, output, text = hubbub(tmp_path, "app-instance", "create", "chat")
    assert (status, output) == (1, "")
    assert text.startswith(f"hubbub: no server is running on {tmp_path}")
