"""Settings that do not lead to a database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubbub.settings import SettingsError
from hubbub.store.contract import StoreUnavailable
from hubbub.store.opening import open_store
from tests.services.postgresql import PostgresqlServer
from tests.services.process import free_port


@pytest.mark.parametrize(
    "url",
    ["mysql://x/y", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a?b=c", "nonsense"],
)
async def test_unusable_urls_are_settings_errors(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="database-url"):
        await open_store(url, tmp_path)


@pytest.mark.parametrize("rest", ["u:pass@[::1/x", "u:pass@h:port/x", "u:pass@h/x?sslmode=what"])
async def test_postgresql_urls_that_cannot_be_read(rest: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="database-url") as raised:
        await open_store(f"postgresql://{rest}", tmp_path)
    assert "pass" not in str(raised.value)


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="PostgreSQL cannot be used") as raised:
        await open_store(f"postgresql://u:pass@127.0.0.1:{free_port()}/x", tmp_path)
    assert "pass" not in str(raised.value)


async def test_a_database_that_is_not_there(
    postgresql_server: PostgresqlServer, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnavailable, match='"nowhere" does not exist'):
        await open_store(postgresql_server.url("nowhere"), tmp_path)


@pytest.mark.parametrize("exclusive", [False, True])
async def test_a_directory_that_is_not_there(tmp_path: Path, exclusive: bool) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        await open_store("", tmp_path / "missing", exclusive=exclusive)


async def test_sqlite_by_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///relative%20path.db", f"sqlite:///{tmp_path}/absolute.db"):
        await (await open_store(url, Path("unused"))).close()
    assert {"relative path.db", "absolute.db"} <= {entry.name for entry in os.scandir(tmp_path)}
