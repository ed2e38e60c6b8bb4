"""Who can open a database's data key, and who is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from hubbub.access.keyring import KeyringLocked, open_keyring
from hubbub.settings import Settings, SettingsError
from hubbub.store.contract import Store
from hubbub.store.tables import keyring


def with_root(settings: Settings, secret: str = "the secret") -> Settings:
    return replace(settings, root_access_key_id="AKIAROOT", root_secret_access_key=secret)


def with_secret_key(settings: Settings) -> Settings:
    return replace(settings, secret_key="a key of sixteen+")


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path) -> Settings:
    """Another node: its own data directory, the same database."""
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    return replace(settings, data_dir=directory)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_subkeys_are_the_same_after_each_start(settings: Settings, store: Store) -> None:
    first = await open_keyring(settings, store)
    second = await open_keyring(settings, store)
    assert first.subkey("sessions") == second.subkey("sessions")
    assert len(first.subkey("sessions")) == 32
    assert first.subkey("sessions") != first.subkey("page-tokens")
    assert mode_of(settings.data_dir / "secret.key") == 0o600


async def test_what_one_start_seals_the_next_opens(settings: Settings, store: Store) -> None:
    box = (await open_keyring(settings, store)).sealer("sessions").seal(b"x")
    assert (await open_keyring(settings, store)).sealer("sessions").open(box) == b"x"


async def test_no_key_is_stored_in_the_clear(settings: Settings, store: Store) -> None:
    opened = await open_keyring(with_root(settings), store)
    stored = b"".join(
        value if isinstance(value, bytes) else str(value).encode()
        for row in await store.fetch(select(keyring))
        for value in row
    )
    assert opened._data_key not in stored
    assert b"the secret" not in stored


async def test_another_data_directory_is_refused(
    settings: Settings, elsewhere: Settings, store: Store
) -> None:
    await open_keyring(settings, store)
    with pytest.raises(KeyringLocked, match=r"secret\.key.*HUBBUB_ROOT"):
        await open_keyring(elsewhere, store)
    # A key made now would only be in the way of the right one.
    assert list(elsewhere.data_dir.iterdir()) == []


async def test_other_root_credentials_are_refused(
    settings: Settings, elsewhere: Settings, store: Store
) -> None:
    await open_keyring(with_root(settings), store)
    with pytest.raises(KeyringLocked):
        await open_keyring(with_root(elsewhere, "another"), store)


@pytest.mark.parametrize("sharing", [with_root, with_secret_key])
async def test_a_shared_secret_opens_it_from_elsewhere(
    settings: Settings, elsewhere: Settings, store: Store, sharing: Callable[[Settings], Settings]
) -> None:
    first = await open_keyring(sharing(settings), store)
    second = await open_keyring(sharing(elsewhere), store)
    assert first.subkey("x") == second.subkey("x")


async def test_nodes_that_start_together_agree(
    settings: Settings, elsewhere: Settings, store: Store
) -> None:
    nodes = (settings, elsewhere, settings, elsewhere)
    opened = await asyncio.gather(*(open_keyring(with_root(node), store) for node in nodes))
    assert len({one.subkey("x") for one in opened}) == 1


async def test_a_shared_secret_may_be_added_and_changed_later(
    settings: Settings, elsewhere: Settings, store: Store
) -> None:
    await open_keyring(settings, store)
    for secret in ("one", "two"):
        await open_keyring(with_root(settings, secret), store)
        await open_keyring(with_root(elsewhere, secret), store)
    with pytest.raises(KeyringLocked):
        await open_keyring(with_root(elsewhere), store)


async def test_starts_leave_no_rows_behind(
    settings: Settings, elsewhere: Settings, store: Store
) -> None:
    for node in (settings, elsewhere, settings, elsewhere):
        await open_keyring(with_root(node), store)
    assert len(await store.fetch(select(keyring))) == 3  # the guard, the directory, the root


async def test_a_secret_key_setting_needs_no_file(settings: Settings, store: Store) -> None:
    await open_keyring(with_secret_key(settings), store)
    assert not (settings.data_dir / "secret.key").exists()


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 44])
async def test_a_damaged_file_is_reported(settings: Settings, store: Store, content: bytes) -> None:
    path = settings.data_dir / "secret.key"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="damaged"):
        await open_keyring(settings, store)
    assert path.read_bytes() == content
