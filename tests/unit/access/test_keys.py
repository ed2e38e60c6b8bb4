"""Access keys and the look-up for the signature check."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from hubbub.access.keyring import Keyring
from hubbub.access.keys import AccessKeys
from hubbub.access.opening import Access, open_access
from hubbub.access.policies import PolicyError
from hubbub.access.sessions import Sessions
from hubbub.access.source import StoredCredentials
from hubbub.settings import Settings
from hubbub.store.contract import Store

REVOKE = """
import asyncio, sys
from pathlib import Path
from hubbub.access.keyring import Keyring
from hubbub.access.keys import AccessKeys
from hubbub.access.opening import open_access
from hubbub.settings import Settings
from hubbub.store.opening import open_store

async def main():
    settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2])
    store = await open_store(settings.database_url, settings.data_dir)
    access = await open_access(settings, store)
    assert await access.keys.delete(sys.argv[3])
    await store.close()

asyncio.run(main())
"""


@pytest.fixture
async def access(settings: Settings, store: Store) -> Access:
    return await open_access(settings, store)


async def test_a_new_key_is_found_with_its_secret(access: Access) -> None:
    new = await access.keys.create("111122223333")
    assert re.fullmatch("AKIA[A-Z2-7]{16}", new.access_key_id)
    assert len(new.secret_access_key) == 40
    found = await access.credentials.find(new.access_key_id, None)
    assert found is not None
    assert found.secret_access_key == new.secret_access_key
    assert found.account_id == "111122223333"
    assert found.arn == f"arn:aws:iam::111122223333:user/{new.access_key_id}"
    assert found.session_token is None
    assert await access.credentials.find(new.access_key_id, None) is found


async def test_the_root_key_is_found(access: Access, settings: Settings) -> None:
    found = await access.credentials.find(access.root.access_key_id, None)
    assert found is not None
    assert found.secret_access_key == access.root.secret_access_key
    assert found.account_id == settings.account_id
    assert found.arn == f"arn:aws:iam::{settings.account_id}:root"


@pytest.mark.parametrize(
    "access_key_id", ["AKIAUNKNOWNUNKNOWN00", "", "a\0b", "é", "\udc80", "x" * 129, "' OR 1=1 --"]
)
async def test_unknown_keys_are_not_found(access: Access, access_key_id: str) -> None:
    assert await access.credentials.find(access_key_id, None) is None
    assert await access.credentials.find(access_key_id, "token") is None


async def test_keys_are_listed_without_their_secrets(access: Access) -> None:
    keys = [await access.keys.create(account) for account in ("2", "1", "1")]
    listed = await access.keys.list()
    assert [key.access_key_id for key in listed] == [keys[i].access_key_id for i in (1, 2, 0)]
    assert [key.account_id for key in listed] == ["1", "1", "2"]
    assert not any(key.secret_access_key in repr(listed) for key in keys)


async def test_a_key_keeps_its_policy(access: Access) -> None:
    policy = '{"Statement":{"Effect":"Allow","Action":"s:Do","Resource":"*"}}'
    limited = (await access.keys.create("1", policy)).access_key_id
    free = (await access.keys.create("1")).access_key_id
    assert {key.access_key_id: key.has_policy for key in await access.keys.list()} == {
        limited: True,
        free: False,
    }
    stored = await access.keys.find(limited)
    assert stored is not None
    assert stored.policy == policy
    found, unlimited = [await access.credentials.find(key, None) for key in (limited, free)]
    assert found is not None
    assert found.permissions is not None
    assert await access.credentials.find(limited, None) is found, "policies are read once"
    assert unlimited is not None
    assert unlimited.permissions is None


async def test_what_is_no_policy_makes_no_key(access: Access) -> None:
    with pytest.raises(PolicyError):
        await access.keys.create("1", '{"Statement":[]}')
    assert await access.keys.list() == []


async def test_deleting_an_unknown_key_says_so(access: Access) -> None:
    assert not await access.keys.delete("AKIAUNKNOWN")


async def test_a_revocation_by_another_process_holds_at_once(
    access: Access, settings: Settings
) -> None:
    """On SQLite; over a network within the cache's second."""
    source = StoredCredentials(access.root, access.keys, access.sessions)
    new = await access.keys.create("1")
    assert await source.find(new.access_key_id, None) is not None
    directory, url = str(settings.data_dir), settings.database_url
    revoking = await asyncio.create_subprocess_exec(
        sys.executable, "-c", REVOKE, directory, url, new.access_key_id
    )
    assert await revoking.wait() == 0
    assert await source.find(new.access_key_id, None) is None


async def test_a_cached_key_is_read_again_after_its_time(access: Access) -> None:
    now = 100.0
    source = StoredCredentials(
        access.root, access.keys, access.sessions, cache_seconds=1.0, clock=lambda: now
    )
    new = await access.keys.create("1")
    assert await source.find(new.access_key_id, None) is not None
    await access.keys.delete(new.access_key_id)
    now = 100.9
    assert await source.find(new.access_key_id, None) is not None
    now = 101.0
    assert await source.find(new.access_key_id, None) is None


async def test_a_key_made_after_a_failed_look_up_is_found(access: Access) -> None:
    """What is not there is not cached."""
    source = StoredCredentials(
        access.root, access.keys, access.sessions, cache_seconds=1.0, clock=lambda: 1.0
    )
    new = await access.keys.create("1")
    await access.keys.delete(new.access_key_id)
    assert await source.find(new.access_key_id, None) is None


async def test_secrets_are_in_no_file(access: Access, settings: Settings) -> None:
    new = await access.keys.create("1")
    secret = new.secret_access_key.encode()
    files = [path for path in settings.data_dir.iterdir() if path.is_file()]
    assert any(secret in path.read_bytes() for path in files) is False
    if not settings.database_url:
        written = b"".join(path.read_bytes() for path in files)
        assert new.access_key_id.encode() in written


async def test_a_sealed_secret_is_good_for_its_own_key_only(access: Access) -> None:
    first, second = [await access.keys.create("1") for _ in range(2)]
    stored = await access.keys.find(first.access_key_id)
    assert stored is not None
    assert access.keys.secret_of(first.access_key_id, stored.sealed_secret) is not None
    assert access.keys.secret_of(second.access_key_id, stored.sealed_secret) is None


async def test_temporary_credentials_carry_their_end(access: Access) -> None:
    parent = await access.keys.create("1")
    session = access.sessions.issue(parent.access_key_id, 5000.0)
    assert re.fullmatch("ASIA[A-Z2-7]{16}", session.access_key_id)
    found = await access.credentials.find(session.access_key_id, session.session_token)
    assert found is not None
    assert found.secret_access_key == session.secret_access_key
    assert (found.session_token, found.expires_at) == (session.session_token, 5000.0)
    assert found.account_id == "1"


async def test_temporary_credentials_need_their_own_token(access: Access) -> None:
    root = access.root.access_key_id
    first, second = (access.sessions.issue(root, 5000.0) for _ in range(2))
    find = access.credentials.find
    assert await find(first.access_key_id, first.session_token) is not None
    assert await find(first.access_key_id, None) is None
    assert await find(first.access_key_id, second.session_token) is None
    for token in ("", "x", "é" * 40, "A" * 2000, first.session_token[:-2], first.session_token * 2):
        assert await find(first.access_key_id, token) is None


async def test_temporary_credentials_die_with_their_key(access: Access) -> None:
    parent = await access.keys.create("1")
    source = StoredCredentials(access.root, access.keys, access.sessions)
    session = access.sessions.issue(parent.access_key_id, 5000.0)
    assert await source.find(session.access_key_id, session.session_token) is not None
    await access.keys.delete(parent.access_key_id)
    assert await source.find(session.access_key_id, session.session_token) is None


async def test_sessions_are_known_to_every_node(access: Access) -> None:
    session = access.sessions.issue("AKIA", 1.0)
    claims = Sessions(access.keyring).open(session.session_token)
    assert claims is not None
    assert claims.parent_access_key_id == "AKIA"


async def test_a_secret_sealed_by_another_data_key_is_unknown(access: Access, store: Store) -> None:
    """Such as one restored from another database's backup."""
    new = await access.keys.create("1")
    other = AccessKeys(store, Keyring(bytes(32)))
    source = StoredCredentials(access.root, other, access.sessions)
    assert await source.find(new.access_key_id, None) is None


async def test_what_is_kept_of_keys_has_a_bound(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.access.source.CACHE_SIZE", 2)
    source = StoredCredentials(access.root, access.keys, access.sessions, cache_seconds=9.0)
    keys = [await access.keys.create("1") for _ in range(4)]
    for key in keys:
        assert await source.find(key.access_key_id, None) is not None
    assert len(source._read) == len(source._unsealed) == 2


def test_secrets_do_not_show(tmp_path: Path) -> None:
    from hubbub.access import root_key  # noqa: PLC0415

    key = root_key(Settings(data_dir=tmp_path))
    assert key.secret_access_key not in repr(key) + repr(key.credentials)
