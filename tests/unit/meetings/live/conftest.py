from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.unit.meetings.live.site import Site


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    yield site
    await site.stage.close()
    assert site.native.closed
