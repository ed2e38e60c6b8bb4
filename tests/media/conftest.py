"""One browser and one server for all media tests; each test has a meeting of its own."""

from __future__ import annotations

import contextlib
import fcntl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.observed import tracebacks
from tests.media.browser import Chromium
from tests.media.client import Client
from tests.media.party import Party
from tests.media.site import page_site
from tests.server import Server, running_server

_PARTIES = pytest.StashKey[list[Party]]()
_LOG_LINES = 60


@pytest.fixture(scope="session")
def cores_to_ourselves() -> Iterator[None]:
    """One run at a time on a machine: browsers that starve hear and see nothing right."""
    with (Path(tempfile.gettempdir()) / "hubbub-media-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def chromium(cores_to_ourselves: None) -> Iterator[Chromium]:
    with Chromium() as running:
        yield running


@pytest.fixture(scope="session")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with page_site(tmp_path_factory.mktemp("page")) as url:
        yield f"{url}/index.html"


@contextlib.contextmanager
def media_server(data_dir: Path, **environment: str) -> Iterator[Server]:
    with running_server(data_dir, environment={"HUBBUB_MEDIA_PORT": "0", **environment}) as server:
        yield server
        assert tracebacks(server) == []
        assert server.stop() == 0


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with media_server(tmp_path_factory.mktemp("server")) as running:
        yield running


PartyMaker = Callable[..., Party]


@pytest.fixture
def new_party(
    request: pytest.FixtureRequest, chromium: Chromium, page_url: str
) -> Iterator[PartyMaker]:
    """``new_party(server, MeetingFeatures=…)``, closed at the test's end."""
    parties = request.node.stash.setdefault(_PARTIES, [])
    with contextlib.ExitStack() as stack:

        def make(server: Server, **members: Any) -> Party:
            party = stack.enter_context(Party(server, chromium, page_url, **members))
            parties.append(party)
            return party

        yield make


@pytest.fixture
def party(new_party: PartyMaker, server: Server) -> Party:
    return new_party(server)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Beside a failure stands what its clients logged."""
    report = yield
    if report.when == "call" and report.failed:
        for party in item.stash.get(_PARTIES, []):
            for client in party.clients:
                report.sections.append((f"log of {client.name}", _log(client)))
            report.sections.append(("log of the server", party.server.log_text()[-6000:]))
    return report


def _log(client: Client) -> str:
    if client.page.page.is_closed():
        return "its page is closed"
    try:
        lines = client.log().splitlines()[-_LOG_LINES:]
        events = [f"{event.at:.0f} {event.kind} {event.value}" for event in client.events]
    except Exception as error:
        return f"not to be had: {error}"
    events = [line for line in events if " indicator " not in line][-_LOG_LINES:]
    errors = [f"page error: {error}" for error in client.page.errors]
    return "\n".join([*(line[:400] for line in lines), "-- events", *events, *errors])
