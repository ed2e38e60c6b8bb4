"""A bad network of one client: its own reception suffers, recovers, and nobody else's does."""

from __future__ import annotations

import time

import pytest

from tests.media.client import Client
from tests.media.party import Party, eventually

pytestmark = pytest.mark.media


def test_ten_percent_loss_and_50_ms_of_jitter(party: Party) -> None:
    cable = party.cable()
    ada = party.join("ada")
    cem = party.join("cem", silent=True)
    ben = party.join_through(cable, "ben")
    ada.camera_on(640, 360)
    eventually(ben.sees, {"ada"})
    eventually(cem.hears, {"ada", "ben"})
    concealed = _concealed(cem)
    cable.loss, cable.jitter = 0.1, 0.05
    for _ in range(5):
        assert ben.hears(0.5) == {"ada"}
        assert cem.hears() == {"ada", "ben"}
    assert _concealed(ben) < 0.15  # of what it played, or FEC and RED would be no use
    cable.loss = cable.jitter = 0
    time.sleep(2)
    assert ben.sees() == {"ada"}
    assert cem.remote_tiles()["ada"].lost == 0
    assert _concealed(cem) <= concealed + 0.01
    assert len(ben.of_kind("connecting")) == 1


def _concealed(client: Client) -> float:
    """Part of the played samples that the decoder had to make up."""
    (audio,) = (
        each
        for each in client.call("stats")
        if each["type"] == "inbound-rtp" and each["kind"] == "audio"
    )
    return float(audio["concealedSamples"] / audio["totalSamplesReceived"])
