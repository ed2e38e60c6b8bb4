"""Clients outlive a restart of the server, by SIGTERM and by SIGKILL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.observed import tracebacks
from tests.media.conftest import PartyMaker
from tests.media.party import eventually, media_port
from tests.server import Server, running_server

pytestmark = pytest.mark.media


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_they_reconnect_when_it_is_back(tmp_path: Path, new_party: PartyMaker, how: str) -> None:
    with running_server(tmp_path, environment={"HUBBUB_MEDIA_PORT": "0"}) as server:
        party = new_party(server)
        ada, ben = party.join_all(["ada", "ben"])
        ada.camera_on(320, 180)
        eventually(ben.sees, {"ada"})
        marks = {client: client.mark() for client in (ada, ben)}
        ports = {"HUBBUB_PORT": str(server.port), "HUBBUB_MEDIA_PORT": str(media_port(server))}
        if how == "SIGTERM":
            assert server.stop() == 0
        else:
            server.kill()
        _start_again(server, ports)
        for client, mark in marks.items():
            client.until("connecting", reconnecting=True, since=mark)
            client.until("started", since=mark, seconds=60)
        eventually(ben.hears, {"ada"}, seconds=15)
        eventually(ada.hears, {"ben"}, seconds=15)
        eventually(ben.sees, {"ada"}, seconds=15)
        assert set(ada.roster()) == {ada.id, ben.id}
        assert tracebacks(server) == []


def _start_again(server: Server, ports: dict[str, str]) -> None:
    """On the ports of before, where its clients look for it."""
    server.environment = {**server.environment, **ports}
    server.arguments = ["--port", ports["HUBBUB_PORT"]]
    server.start()
