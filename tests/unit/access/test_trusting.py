"""`hubbub dev` takes any credentials, and holds those that it made itself to what they are."""

from __future__ import annotations

import json
import os

import pytest

from hubbub.access.keyring import Keyring
from hubbub.access.roles import Role, read_roles
from hubbub.access.sessions import Session, SessionLimits, Sessions
from hubbub.access.trusting import AnyCredentials
from hubbub.settings import RoleSettings
from hubbub.wire import Call, Claim, Demand, SignatureRefused
from hubbub.wire.sigv4 import Scope

ROLE = "arn:aws:iam::000000000000:role/chat"
ROOT = "arn:aws:iam::000000000000:root"


def allow(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


SESSIONS = Sessions(Keyring(os.urandom(32)))
ROLES = read_roles({ROLE: RoleSettings(policy=allow("s:Role"))})


def anybody(roles: dict[str, Role] = ROLES) -> AnyCredentials:
    return AnyCredentials("000000000000", SESSIONS, roles, clock=lambda: 1000.0)


def claim(access_key_id: str, token: str | None) -> Claim:
    scope = Scope(access_key_id, "20260504", "us-east-1", "s", ("host",))
    return Claim(scope, "20260504T101112Z", "x", token, None)


def of(session: Session) -> Claim:
    return claim(session.access_key_id, session.session_token)


@pytest.mark.parametrize("token", [None, "token", "\udc80", ""])
def test_everybody_is_root(token: str | None) -> None:
    credentials = anybody().accept(claim("anything", token))
    assert (credentials.arn, credentials.user_id) == (ROOT, "000000000000")
    assert (credentials.session_token, credentials.permissions) == (token, None)


def test_a_token_is_for_its_own_key() -> None:
    session = SESSIONS.issue("x", 2000.0, kind="federated-user", name="kim")
    assert anybody().accept(claim("another", session.session_token)).arn == ROOT


async def test_own_credentials_have_their_limits() -> None:
    plain = anybody().accept(of(SESSIONS.issue("x", 2000.0)))
    assert (plain.arn, plain.permissions) == (ROOT, None)
    for kind, more, allowed, arn in (
        ("federated-user", {}, "s:Own", "arn:aws:sts::000000000000:federated-user/kim"),
        (
            "assumed-role",
            {"role_arn": ROLE},
            "s:Role",
            "arn:aws:sts::000000000000:assumed-role/chat/kim",
        ),
    ):
        limits = SessionLimits(allow("s:*" if kind == "assumed-role" else "s:Own"))
        session = SESSIONS.issue("x", 2000.0, kind=kind, name="kim", limits=limits, **more)  # type: ignore[arg-type]
        credentials = anybody().accept(of(session))
        assert credentials.arn == arn
        assert credentials.permissions is not None
        call = Call("s", "Do", credentials, "us-east-1", "id", "", {})
        for action in ("s:Own", "s:Role"):
            allows = await credentials.permissions.allow(call, Demand(action, "*"))
            assert allows is (action == allowed)


def test_own_credentials_end() -> None:
    with pytest.raises(SignatureRefused) as caught:
        anybody().accept(of(SESSIONS.issue("x", 1000.0)))
    assert caught.value.code == "ExpiredTokenException"


def test_own_credentials_end_with_their_role() -> None:
    session = SESSIONS.issue("x", 2000.0, kind="assumed-role", name="kim", role_arn=ROLE)
    with pytest.raises(SignatureRefused) as caught:
        anybody({}).accept(of(session))
    assert caught.value.code == "UnrecognizedClientException"
