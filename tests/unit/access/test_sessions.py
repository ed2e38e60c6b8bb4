"""Temporary credentials: what their tokens say, and what they are limited to."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hubbub.access.keyring import Keyring
from hubbub.access.opening import Access, open_access
from hubbub.access.sessions import (
    LONGEST_TOKEN,
    PACKED_BYTES,
    Kind,
    PackedTooLarge,
    SessionLimits,
    Sessions,
)
from hubbub.settings import RoleSettings, Settings
from hubbub.store.contract import Store
from hubbub.store.opening import open_store
from hubbub.store.tables import access_keys
from hubbub.wire import Call, Credentials, Demand

ROLE = "arn:aws:iam::999988887777:role/paths/are/long/chat"


def allow(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        account_id="123456789012",
        roles={ROLE: RoleSettings(policy=allow("s:A", "s:B"), trust=("*",))},
    )


@pytest.fixture
async def access(settings: Settings, store: Store) -> Access:
    return await open_access(settings, store)


async def may(credentials: Credentials | None) -> Sequence[str]:
    """The actions, of three, that these credentials are good for."""
    assert credentials is not None
    if credentials.permissions is None:
        return ["A", "B", "C"]
    call = Call("things", "Do", credentials, "us-east-1", "id", "", {})
    return [
        each
        for each in "ABC"
        if await credentials.permissions.allow(call, Demand(f"s:{each}", "*"))
    ]


async def issued(access: Access, parent: str, **more: Any) -> Credentials | None:
    session = access.sessions.issue(parent, 4e9, **more)
    assert len(session.session_token) <= LONGEST_TOKEN
    return await access.credentials.find(session.access_key_id, session.session_token)


FEDERATED: Kind = "federated-user"
ROLE_KIND: Kind = "assumed-role"
USER, USER_ID = "arn:aws:iam::111122223333:user/{key}", "AIDA{id}"


@pytest.mark.parametrize(
    ("key_policy", "more", "arn", "user_id", "allowed"),
    [
        ("", {}, USER, USER_ID, "ABC"),
        (allow("s:A", "s:C"), {}, USER, USER_ID, "AC"),
        ("", {"limits": SessionLimits(allow("s:A"))}, USER, USER_ID, "A"),
        (allow("s:A", "s:C"), {"limits": SessionLimits(allow("s:A", "s:B"))}, USER, USER_ID, "A"),
        (
            allow("s:A", "s:C"),
            {"kind": FEDERATED, "name": "kim", "limits": SessionLimits(allow("s:C"))},
            "arn:aws:sts::111122223333:federated-user/kim",
            "111122223333:kim",
            "C",
        ),
        (
            "",
            {"kind": FEDERATED, "name": "kim"},
            "arn:aws:sts::111122223333:federated-user/kim",
            "111122223333:kim",
            "",
        ),
        (
            allow("s:C"),
            {"kind": ROLE_KIND, "name": "job", "role_arn": ROLE},
            "arn:aws:sts::999988887777:assumed-role/chat/job",
            "{role}:job",
            "AB",
        ),
        (
            "",
            {
                "kind": ROLE_KIND,
                "name": "job",
                "role_arn": ROLE,
                "limits": SessionLimits(allow("s:B", "s:C")),
            },
            "arn:aws:sts::999988887777:assumed-role/chat/job",
            "{role}:job",
            "B",
        ),
    ],
)
async def test_who_a_session_is_and_what_it_may_do(
    access: Access, *, key_policy: str, more: dict[str, Any], arn: str, user_id: str, allowed: str
) -> None:
    key = (await access.keys.create("111122223333", key_policy)).access_key_id
    found = await issued(access, key, **more)
    assert found is not None
    assert found.arn == arn.format(key=key)
    assert found.user_id == user_id.format(id=key[4:], role=access.roles[ROLE].id)
    assert found.account_id == found.arn.split(":")[4]
    assert "".join(await may(found)) == allowed


async def test_root_sessions_may_do_all_but_for_their_policy(access: Access) -> None:
    root = access.root.access_key_id
    assert await may(await issued(access, root)) == ["A", "B", "C"]
    assert await may(await issued(access, root, limits=SessionLimits(allow("s:B")))) == ["B"]


async def test_variables_name_the_user_and_its_tags(access: Access) -> None:
    text = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s:A","Resource":"*",'
        '"Condition":{"StringEquals":{"aws:PrincipalTag/Team":"red"}}},{"Effect":"Allow",'
        '"Action":"s:B","Resource":"*","Condition":{"StringEquals":{"aws:username":"%s"}}}]}'
    )
    key = (await access.keys.create("1")).access_key_id
    limits = SessionLimits(text % key, {"team": "red"})
    assert await may(await issued(access, key, limits=limits)) == ["A", "B"]
    federated = await issued(access, key, kind=FEDERATED, name="kim", limits=limits)
    assert await may(federated) == ["A"]


async def test_credentials_end_with_the_key_they_were_made_from(access: Access) -> None:
    key = (await access.keys.create("1")).access_key_id
    sessions = [
        access.sessions.issue(key, 4e9),
        access.sessions.issue(key, 4e9, kind=FEDERATED, name="kim"),
        access.sessions.issue(key, 4e9, kind=ROLE_KIND, name="job", role_arn=ROLE),
    ]
    for each in sessions:
        assert await access.credentials.find(each.access_key_id, each.session_token)
    await access.keys.delete(key)
    for each in sessions:
        assert await access.credentials.find(each.access_key_id, each.session_token) is None


async def test_credentials_end_with_their_role(settings: Settings, access: Access) -> None:
    session = access.sessions.issue(
        access.root.access_key_id, 4e9, kind=ROLE_KIND, name="job", role_arn=ROLE
    )
    store = await open_store(settings.database_url, settings.data_dir)
    later = await open_access(Settings(data_dir=settings.data_dir), store)
    assert await later.credentials.find(session.access_key_id, session.session_token) is None
    await store.close()


async def test_tokens_of_earlier_versions_are_good(access: Access) -> None:
    claims = ["ASIAEARLIER", "secret", access.root.access_key_id, 4e9]
    box = access.keyring.sealer("sessions").seal(msgspec.msgpack.encode(claims), b"session 1")
    token = urlsafe_b64encode(box).rstrip(b"=").decode()
    assert await may(await access.credentials.find("ASIAEARLIER", token)) == ["A", "B", "C"]


def test_tokens_fit_into_a_header() -> None:
    sessions = Sessions(Keyring(os.urandom(32)))
    # Letters that nothing can compress, so that what fits is as long as it can be.
    policy = urlsafe_b64encode(os.urandom(PACKED_BYTES - 80)).decode()
    session = sessions.issue(
        "x" * 128,
        4e9,
        kind=ROLE_KIND,
        name="n" * 64,
        role_arn="r" * 512,
        limits=SessionLimits(policy),
    )
    assert 95 <= session.packed_percent <= 100
    assert len(session.session_token) <= LONGEST_TOKEN
    opened = sessions.open(session.session_token)
    assert opened is not None
    assert opened.limits == SessionLimits(policy)
    tags = {os.urandom(60).hex(): os.urandom(100).hex() for _ in range(50)}
    with pytest.raises(PackedTooLarge):
        sessions.issue("x", 4e9, limits=SessionLimits("", tags))


async def test_a_stored_policy_that_cannot_be_read_allows_nothing(
    access: Access, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    key = (await access.keys.create("1", allow("*"))).access_key_id

    async def spoil(tx: Any) -> None:
        await tx.execute(access_keys.update().values(policy='{"Version":"2099-01-01"}'), {})

    await store.write(spoil)
    assert await may(await access.credentials.find(key, None)) == []
    assert "allows nothing" in caplog.text
