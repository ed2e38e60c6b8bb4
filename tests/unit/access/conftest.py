"""An open store of either kind, with settings for a data directory of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.settings import Settings
from hubbub.store.contract import Store
from hubbub.store.opening import open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    directory = tmp_path / "data"
    directory.mkdir()
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    return Settings(data_dir=directory, database_url=url, account_id="123456789012")


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    opened = await open_store(settings.database_url, settings.data_dir)
    yield opened
    await opened.close()
