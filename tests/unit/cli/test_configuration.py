"""Settings from file, environment and flags: who wins, and what is refused in which words."""

import argparse
from pathlib import Path

import pytest

from hubbub.cli.configuration import add_flags, read_settings, unknown_names
from hubbub.settings import Settings, SettingsError, described

REVIEW = "arn:aws:lambda:us-east-1:123456789012:function:review"


def read(
    directory: Path, *flags: str, environment: dict[str, str] | None = None, toml: str = ""
) -> Settings:
    """Settings as `hubbub serve` in `directory` would have them; `toml` is its hubbub.toml."""
    if toml:
        (directory / "hubbub.toml").write_text(toml)
    parser = argparse.ArgumentParser()
    add_flags(parser)
    return read_settings(parser.parse_args(flags), environment or {}, directory)


def test_defaults_are_those_of_the_dataclass(tmp_path: Path) -> None:
    assert read(tmp_path) == Settings()


def test_flags_win_over_environment_and_environment_over_the_file(tmp_path: Path) -> None:
    toml = 'port = 1\ntls-port = 2\nmedia_port = 3\nregion = "eu-west-1"\n'
    environment = {"HUBBUB_PORT": "11", "HUBBUB_TLS_PORT": "12", "HUBBUB_REGION": ""}
    settings = read(tmp_path, "--port", "21", environment=environment, toml=toml)
    assert (settings.port, settings.tls_port, settings.media_port) == (21, 12, 3)
    assert settings.region == "eu-west-1", "an empty variable is an absent one"


def test_the_file_of_the_data_directory_comes_before_that_of_the_working_directory(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "hubbub.toml").write_text("port = 7")
    assert read(tmp_path, "--data-dir", str(data), toml="port = 8").port == 7
    assert read(tmp_path).port == 8


def test_a_named_file_wins_and_its_paths_start_at_its_directory(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    named = folder / "some.toml"
    named.write_text('data-dir = "data"\ntls-certificate = "/a/b.pem"\ntls-key = "b.key"\n')
    settings = read(tmp_path, "--config", str(named), toml="port = 8")
    assert settings.data_dir == folder / "data"
    assert settings.tls_certificate == Path("/a/b.pem")
    assert settings.tls_key == folder / "b.key"
    assert settings.port == Settings().port
    assert read(tmp_path, environment={"HUBBUB_CONFIG": str(named)}) == settings


def test_tables_are_set_in_all_three_ways(tmp_path: Path) -> None:
    toml = '[limits]\nrooms = 5\napi_call_rates = true\n[sinks]\ns3 = "file:/logs"\n'
    environment = {"HUBBUB_LIMITS_DELETES_PER_SECOND": "0"}
    settings = read(
        tmp_path, "--limits-room-messages-per-second", "9", environment=environment, toml=toml
    )
    assert settings.limits.rooms == 5
    assert settings.limits.api_call_rates is True
    assert settings.limits.deletes_per_second == 0
    assert settings.limits.room_messages_per_second == 9
    assert settings.sinks.s3 == "file:/logs"


def test_functions_come_from_the_table_or_as_json(tmp_path: Path) -> None:
    toml = f'[functions]\n"{REVIEW}" = "http://127.0.0.1:9000/review"\nconcurrency = 3\n'
    from_file = read(tmp_path, toml=toml).functions
    assert from_file.targets == {REVIEW: "http://127.0.0.1:9000/review"}
    assert from_file.concurrency == 3
    json = f'{{"{REVIEW}":"python:a.b:c"}}'
    overridden = read(tmp_path, environment={"HUBBUB_FUNCTIONS": json}).functions
    assert overridden.targets == {REVIEW: "python:a.b:c"}
    assert overridden.concurrency == 3


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"HUBBUB_PORT": "many"}, "setting port (HUBBUB_PORT) must be a whole number from 0"),
        ({"HUBBUB_PORT": "65536"}, "must be a whole number from 0 to 65535, not '65536'"),
        ({"HUBBUB_ACCOUNT_ID": "12"}, "(HUBBUB_ACCOUNT_ID) must be 12 digits, not '12'"),
        ({"HUBBUB_REGION": "Europe!"}, "setting region (HUBBUB_REGION) must be lower-case letters"),
        ({"HUBBUB_LIMITS_API_CALL_RATES": "maybe"}, "setting limits.api-call-rates"),
        ({"HUBBUB_BUS_URL": "http://x"}, "setting bus-url (HUBBUB_BUS_URL) must be redis://"),
        ({"HUBBUB_FUNCTIONS": "{"}, "setting functions (HUBBUB_FUNCTIONS) is no JSON"),
        ({"HUBBUB_FUNCTIONS": "[]"}, "must be a JSON object"),
        ({"HUBBUB_FUNCTIONS": '{"review":"http://x"}'}, "'review' is no ARN of a Lambda function"),
        ({"HUBBUB_FUNCTIONS": f'{{"{REVIEW}":"ftp://x"}}'}, "must be http(s)://"),
        ({"HUBBUB_WORKERS": "2"}, "setting workers: 2 processes need setting bus-url"),
        ({"HUBBUB_ROOT_ACCESS_KEY_ID": "A"}, "root-secret-access-key belong together"),
        ({"HUBBUB_TLS_KEY": "/k"}, "tls-certificate and tls-key belong together"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(
    tmp_path: Path, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, environment=environment)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("port = ", "hubbub.toml: "),
        ("prot = 1", "there is no setting prot"),
        ("[limits]\nroms = 1", "there is no setting limits.roms"),
        ("limits = 1", "limits must be a table"),
        ("port = true", "setting port"),
        ('port = "x"', "setting port"),
        ("host = 1", "setting host"),
        ("[functions]\nreview = 'x'", "there is no setting functions.review"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, toml: str, message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, toml=toml)
    assert message in str(raised.value)


def test_a_named_file_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        read(tmp_path, "--config", str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    "environment",
    [
        {"HUBBUB_SECRET_KEY": "hush"},
        {"HUBBUB_DATABASE_URL": "mysql://me:hush@db/x"},
        {"HUBBUB_BUS_URL": "http://:hush@bus"},
    ],
)
def test_secrets_are_never_repeated(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, environment=environment)
    assert "hush" not in str(raised.value)


def test_secrets_have_no_flag_and_no_place_in_the_representation(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        environment={
            "HUBBUB_ROOT_ACCESS_KEY_ID": "AKIA",
            "HUBBUB_ROOT_SECRET_ACCESS_KEY": "hush-1",
            "HUBBUB_SECRET_KEY": "hush-2-hush-2-hush-2",
            "HUBBUB_DATABASE_URL": "postgresql://me:hush-3@db/x",
        },
    )
    assert settings.root_secret_access_key == "hush-1"
    assert "hush" not in repr(settings)
    assert {s.name for s in described() if s.flag is None} == {
        "root-access-key-id",
        "root-secret-access-key",
        "secret-key",
    }


def test_several_processes_are_accepted_with_what_they_need(tmp_path: Path) -> None:
    urls = {"HUBBUB_BUS_URL": "redis://bus", "HUBBUB_DATABASE_URL": "postgresql://db/hubbub"}
    assert read(tmp_path, "--workers", "3", environment=urls).workers == 3


def test_names_that_look_like_settings_are_found() -> None:
    names = {"HUBBUB_PORTS": "1", "HUBBUB_PORT": "1", "HUBBUB_CONFIG": "x", "HOME": "/"}
    assert unknown_names(names) == ["HUBBUB_PORTS"]
