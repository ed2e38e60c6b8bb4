"""Roles in hubbub.toml and in the environment, and what is refused in which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hubbub.access.roles import read_roles
from hubbub.cli.configuration import unknown_names
from hubbub.settings import RoleSettings, SettingsError
from tests.unit.cli.test_configuration import read

ARN = "arn:aws:iam::000000000000:role/chat/users"
POLICY = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
TOML = f"""
[roles."{ARN}"]
policy = "users.json"
trust = ["AKIAEXAMPLEEXAMPLE00", "arn:aws:iam::000000000000:role/other"]
max-session-duration = 7200
"""


def test_roles_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(POLICY)
    assert read(tmp_path, toml=TOML).roles == {
        ARN: RoleSettings(
            policy=POLICY,
            trust=("AKIAEXAMPLEEXAMPLE00", "arn:aws:iam::000000000000:role/other"),
            max_session_duration=7200,
        )
    }


def test_roles_of_the_environment_win(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(POLICY)
    other = "arn:aws:iam::000000000000:role/other"
    environment = {"HUBBUB_ROLES": json.dumps({other: {"policy": POLICY, "trust": "*"}})}
    settings = read(tmp_path, environment=environment, toml=TOML)
    assert settings.roles == {other: RoleSettings(policy=POLICY, trust=("*",))}
    assert unknown_names(environment) == []


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ("[]", "must be a table of role ARNs"),
        ("{", "is no JSON"),
        ('{"arn:aws:iam::1:role/x":{}}', "is no ARN of a role"),
        ('{"arn:aws:iam::000000000000:role/a b":{}}', "is no ARN of a role"),
        (json.dumps({ARN: 3}), "must be a table"),
        (json.dumps({ARN: {}}), "must be the path of a JSON file, or JSON"),
        (json.dumps({ARN: {"policy": "missing.json"}}), "missing.json: No such file"),
        (json.dumps({ARN: {"policy": POLICY, "trusts": []}}), "has no trusts; it may have"),
        (json.dumps({ARN: {"policy": POLICY, "trust": "AKIA"}}), "the trust of"),
        (json.dumps({ARN: {"policy": POLICY, "trust": [3]}}), "the trust of"),
        (json.dumps({ARN: {"policy": POLICY, "max_session_duration": 60}}), "from 3600 to 43200"),
        (json.dumps({ARN: {"policy": POLICY, "max-session-duration": True}}), "from 3600 to"),
    ],
)
def test_roles_that_cannot_be_used(tmp_path: Path, roles: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, environment={"HUBBUB_ROLES": roles})
    assert words in str(caught.value)
    assert "HUBBUB_ROLES" in str(caught.value)


def test_policies_are_read_when_a_server_starts() -> None:
    roles = read_roles({ARN: RoleSettings(policy=POLICY, trust=("*",))})
    role = roles[ARN]
    assert (role.account_id, role.name, len(role.id)) == ("000000000000", "users", 20)
    with pytest.raises(SettingsError, match=r"the policy of arn:.*: statement 1: needs one of"):
        read_roles({ARN: RoleSettings(policy='{"Statement":{"Effect":"Deny"}}')})
