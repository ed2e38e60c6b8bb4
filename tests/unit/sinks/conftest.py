from __future__ import annotations

import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tests.unit.sinks.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    staged = Stage(tmp_path / "data")
    yield staged
    await staged.close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")  # must not be listened to


@contextmanager
def moto_server(port: int) -> Iterator[str]:
    """The URL of a server that speaks AWS's APIs and knows nothing of earlier tests."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    host, actual_port = server.get_host_and_port()
    url = f"http://{host}:{actual_port}"
    # What its services hold belongs to the process, not to the server.
    reset = urllib.request.Request(f"{url}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset).close()
    yield url
    server.stop()


@pytest.fixture
def moto_url() -> Iterator[str]:
    with moto_server(0) as url:
        yield url
