"""One real server for all client tests; a test has a region, and so a world, of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.config import Config

from tests.clients.javascript import WEBSOCKETS, JavaScript
from tests.clients.observed import tracebacks
from tests.clients.world import World
from tests.server import Server, running_server

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient

_regions = itertools.count(1)

REVIEWS = "tests.clients.reviews"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running
        assert tracebacks(running) == []
        assert running.stop() == 0


@pytest.fixture
def region() -> str:
    """Resources are regional: a region that no other test uses."""
    return f"test-{next(_regions)}"


@pytest.fixture
def world(server: Server, region: str) -> Iterator[World]:
    with World(server, region) as world:
        yield world


@pytest.fixture
def ivschat(world: World) -> IvschatClient:
    return world.ivschat


@pytest.fixture
def unchecked(server: Server, region: str) -> Iterator[IvschatClient]:
    """A client that sends whatever it is given, as a hostile one would."""
    client = server.boto3(
        "ivschat",
        region_name=region,
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )
    yield client
    client.close()


@pytest.fixture(scope="session", params=WEBSOCKETS)
def node(request: pytest.FixtureRequest) -> Iterator[JavaScript]:
    """Node with the chat client, on its own WebSocket and on the `ws` package."""
    with JavaScript(request.param) as process:
        yield process
        assert process.unhandled == []


@pytest.fixture(scope="session")
def aws_js() -> Iterator[JavaScript]:
    """Node with the AWS SDK."""
    with JavaScript("ws") as process:
        yield process


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
