"""One browser for all media tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.media.browser import Chromium
from tests.media.site import page_site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with Chromium() as running:
        yield running


@pytest.fixture(scope="session")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with page_site(tmp_path_factory.mktemp("page")) as url:
        yield f"{url}/index.html"
