"""A bad network of one client: its own reception suffers, recovers, and nobody else's does."""

from __future__ import annotations

import time

import pytest

from tests.media.party import Party, eventually

pytestmark = pytest.mark.media


def test_ten_percent_loss(party: Party) -> None:
    cable = party.cable()
    ada = party.join("ada")
    cem = party.join("cem", silent=True)
    ben = party.join_through(cable, "ben")
    ada.camera_on(640, 360)
    eventually(ben.sees, {"ada"})
    eventually(cem.hears, {"ada", "ben"})
    cable.loss = 0.1
    for _ in range(5):
        assert ben.hears(0.5) == {"ada"}
        assert ben.sees(1) == {"ada"}
    assert cem.hears() == {"ada", "ben"}
    lost_at_cem = cem.remote_tiles()["ada"].lost
    cable.loss = 0
    time.sleep(2)
    assert ben.sees() == {"ada"}
    assert lost_at_cem == cem.remote_tiles()["ada"].lost == 0
    assert ben.of_kind("connecting")[1:] == []
