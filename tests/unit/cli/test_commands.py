"""The commands as a user types them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.server import ROOT_KEY, NotReady, Server, running_server

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient


def hubbub(
    *arguments: str, environment: Mapping[str, str] | None = None, where: Path | None = None
) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
    return subprocess.run(
        [sys.executable, "-m", "hubbub", *arguments],
        env=plain | dict(environment or {}),
        cwd=where,
        text=True,
        capture_output=True,
        timeout=30,
        check=False,
    )


def exported(text: str, before: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a shell that starts with `before` has after reading the lines."""
    script = 'eval "$LINES_READ" || exit\nenv'
    done = subprocess.run(
        ["/bin/sh", "-euc", script],
        env={"LINES_READ": text} | dict(before or {}),
        text=True,
        capture_output=True,
        check=True,
    )
    lines = (line.partition("=") for line in done.stdout.splitlines())
    return {name: value for name, _, value in lines if name.startswith("AWS_")}


def client(values: Mapping[str, str], endpoint: str) -> IvschatClient:
    return boto3.client(
        "ivschat",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=values.get("AWS_SESSION_TOKEN"),
        config=Config(retries={"total_max_attempts": 1}),
    )


def account_of(values: Mapping[str, str], endpoint: str) -> str:
    return client(values, endpoint).create_room()["arn"].split(":")[4]


def error_code(values: Mapping[str, str], endpoint: str) -> str:
    with pytest.raises(ClientError) as raised:
        client(values, endpoint).list_rooms()
    return str(raised.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("commands")) as running:
        yield running


ROOT = {
    "HUBBUB_ROOT_ACCESS_KEY_ID": ROOT_KEY[0],
    "HUBBUB_ROOT_SECRET_ACCESS_KEY": ROOT_KEY[1],
}


def keys(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    data_dir = ["--data-dir", str(server.data_dir)]
    return hubbub("keys", arguments[0], *data_dir, *arguments[1:], environment=ROOT)


def test_keys_live_from_their_creation_to_their_deletion(server: Server) -> None:
    made = exported(keys(server, "create").stdout)
    assert set(made) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert account_of(made, server.http) == "000000000000"
    listed = keys(server, "list").stdout
    assert made["AWS_ACCESS_KEY_ID"] in listed
    assert made["AWS_SECRET_ACCESS_KEY"] not in listed
    deleted = keys(server, "delete", made["AWS_ACCESS_KEY_ID"])
    assert (deleted.returncode, deleted.stdout, deleted.stderr) == (0, "", "")
    assert error_code(made, server.http) == "UnrecognizedClientException"
    assert made["AWS_ACCESS_KEY_ID"] not in keys(server, "list").stdout
    again = keys(server, "delete", made["AWS_ACCESS_KEY_ID"])
    assert again.returncode == 1
    assert again.stderr == f"hubbub: there is no access key {made['AWS_ACCESS_KEY_ID']}\n"


def test_a_key_belongs_to_its_account(server: Server) -> None:
    made = exported(keys(server, "create", "--account-id", "111122223333").stdout)
    assert account_of(made, server.http) == "111122223333"
    assert client(made, server.http).list_rooms()["rooms"]
    root = {"AWS_ACCESS_KEY_ID": ROOT_KEY[0], "AWS_SECRET_ACCESS_KEY": ROOT_KEY[1]}
    arns = {room["arn"] for room in client(root, server.http).list_rooms()["rooms"]}
    assert not any("111122223333" in arn for arn in arns)


def test_temporary_credentials_need_their_token(server: Server) -> None:
    made = exported(keys(server, "create", "--expires-in", "600").stdout)
    assert account_of(made, server.http) == "000000000000"
    without = {name: value for name, value in made.items() if name != "AWS_SESSION_TOKEN"}
    assert error_code(without, server.http) == "UnrecognizedClientException"


def test_temporary_credentials_are_of_the_account_asked_for(server: Server) -> None:
    refused = keys(server, "create", "--expires-in", "60", "--account-id", "222233334444")
    assert refused.returncode == 1
    assert "account 222233334444 has no access key" in refused.stderr
    keys(server, "create", "--account-id", "222233334444")
    made = keys(server, "create", "--expires-in", "60", "--account-id", "222233334444")
    assert account_of(exported(made.stdout), server.http) == "222233334444"


def test_keys_are_made_before_the_first_start(tmp_path: Path) -> None:
    data_dir = tmp_path / "new"
    made = exported(hubbub("keys", "create", "--data-dir", str(data_dir)).stdout)
    assert hubbub("keys", "list", "--data-dir", str(data_dir)).stdout.count("\n") == 1
    with running_server(data_dir, environment=dict.fromkeys(ROOT, "")) as server:
        assert account_of(made, server.http) == "000000000000"


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys"],
        ["keys", "create", "--expires-in", "0"],
        ["keys", "create", "--expires-in", "1e3"],
        ["keys", "create", "--account-id", "12"],
        ["keys", "delete"],
        ["serve", "--root-secret-access-key", "x"],
        ["frobnicate"],
        [],
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    done = hubbub(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: hubbub")
    assert done.stdout == ""


def test_env_is_what_sdks_read(tmp_path: Path) -> None:
    with running_server(tmp_path, environment=dict.fromkeys(ROOT, "")) as server:
        done = hubbub("env", "--data-dir", str(tmp_path), "--region", "eu-west-1")
        values = exported(done.stdout)
        assert values.keys() == {
            "AWS_ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
        }
        assert values["AWS_ENDPOINT_URL"] == server.http
        assert values["AWS_REGION"] == values["AWS_DEFAULT_REGION"] == "eu-west-1"
        assert account_of(values, values["AWS_ENDPOINT_URL"]) == "000000000000"


LOGIN = {
    "AWS_SESSION_TOKEN": "of AWS",
    "AWS_SECURITY_TOKEN": "of AWS",
    "AWS_PROFILE": "work",
    "AWS_DEFAULT_PROFILE": "work",
    "AWS_ACCESS_KEY_ID": "ASIAOFAWS",
    "AWS_REGION": "eu-north-1",
}


@pytest.mark.parametrize("before", [{}, LOGIN])
def test_env_leaves_nothing_of_another_login(tmp_path: Path, before: dict[str, str]) -> None:
    done = hubbub("env", "--data-dir", str(tmp_path))
    assert exported(done.stdout, before) == exported(done.stdout)
    *exports, unset = done.stdout.splitlines()
    assert all(line.startswith("export AWS_") for line in exports)
    assert unset.startswith("unset ")


def test_an_sdk_with_another_login_works_after_env(server: Server) -> None:
    done = hubbub("env", "--data-dir", str(server.data_dir), environment=ROOT)
    script = "import boto3; print(boto3.client('ivschat').list_rooms()['ResponseMetadata'])"
    with_env = f'eval "$LINES_READ" && exec "{sys.executable}" -c "{script}"'
    environment = {"LINES_READ": done.stdout, "PATH": os.environ["PATH"], "HOME": "/"} | LOGIN
    subprocess.run(["/bin/sh", "-c", with_env], env=environment, timeout=30, check=True)


def test_env_before_the_first_start_holds_after_it(tmp_path: Path) -> None:
    values = exported(hubbub("env", "--data-dir", str(tmp_path), "--port", "4999").stdout)
    assert values["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4999"
    with running_server(tmp_path, environment=dict.fromkeys(ROOT, "")) as server:
        assert account_of(values, server.http) == "000000000000"


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [("0.0.0.0", "http://127.0.0.1:4480"), ("::", "http://[::1]:4480")],
)
def test_env_names_an_address_that_can_be_called(tmp_path: Path, host: str, endpoint: str) -> None:
    done = hubbub("env", "--data-dir", str(tmp_path), "--host", host)
    assert exported(done.stdout)["AWS_ENDPOINT_URL"] == endpoint


def test_ca_path_is_the_certificate_that_the_server_comes_from(tmp_path: Path) -> None:
    done = hubbub("ca", "path", "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 0
    path = Path(done.stdout.rstrip("\n"))
    before = path.read_bytes()
    assert before.startswith(b"-----BEGIN CERTIFICATE-----")
    with running_server(tmp_path / "data") as server:
        assert server.ca_certificate == path
        assert path.read_bytes() == before
        https = server.boto3("ivschat", endpoint_url=server.https, verify=str(path))
        assert https.list_rooms()["rooms"] == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.test"])
def test_dev_listens_on_the_loopback_interface_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(NotReady, match=rf"setting host: .* not on {host}"):
        Server(tmp_path, ["--host", host], command="dev").start()


def test_dev_accepts_any_credentials_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_server(tmp_path, environment={"TMPDIR": str(tmp_path)}, command="dev") as server:
        assert list(tmp_path.iterdir())
        anybody = {"AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": "whatever"}
        assert account_of(anybody, server.http) == "000000000000"
        anybody["AWS_SESSION_TOKEN"] = "and a token"
        assert account_of(anybody, server.http) == "000000000000"
        assert server.process is not None
        assert server.process.stdout is not None
        printed = "".join(server.process.stdout.readline().decode() for _ in range(6))
        assert exported(printed)["AWS_ENDPOINT_URL"] == server.http
        assert account_of(exported(printed), server.http) == "000000000000"
        assert server.stop() == 0
    assert not list(tmp_path.iterdir())


def test_serve_accepts_no_other_credentials(server: Server) -> None:
    anybody = {"AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": "whatever"}
    assert error_code(anybody, server.http) == "UnrecognizedClientException"
    wrong = {"AWS_ACCESS_KEY_ID": ROOT_KEY[0], "AWS_SECRET_ACCESS_KEY": "whatever"}
    assert error_code(wrong, server.http) == "InvalidSignatureException"


def test_version_and_help_are_quick_and_complete() -> None:
    assert hubbub("--version").stdout == "hubbub 0.1.0\n"
    text = hubbub("--help").stdout
    for command in ("dev", "serve", "env", "keys", "ca"):
        assert f"\n    {command} " in text
