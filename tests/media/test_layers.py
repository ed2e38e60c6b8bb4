"""Simulcast layers, codecs, priorities, paused and recycled tiles."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.media.client import Client
from tests.media.party import Party, eventually

pytestmark = pytest.mark.media


def test_a_simulcast_camera_reaches_both_kinds_of_receivers(party: Party) -> None:
    ada = party.join("ada", silent=True, simulcast=True)
    others = [party.join("ben", silent=True), party.join("cem", silent=True, policy="priority")]
    ada.camera_on(1280, 720, frames_per_second=10)
    for client in others:
        eventually(client.sees, {"ada"}, seconds=15)
    eventually(lambda: others[0].remote_tiles()["ada"].width, 1280, seconds=30)


@pytest.mark.parametrize("policy", ["priority", "priority-on-server"])
def test_two_receivers_of_one_sender_on_different_layers(party: Party, policy: str) -> None:
    ada = party.join("ada", silent=True, simulcast=True)
    ben = party.join("ben", silent=True, policy=policy)
    cem = party.join("cem", silent=True, policy=policy)
    ada.camera_on(1280, 720, frames_per_second=10)
    ben.prefer([(ada, 1, "low")])
    cem.prefer([(ada, 1, "maximum")])
    eventually(ben.sees, {"ada"}, seconds=15)
    eventually(cem.sees, {"ada"}, seconds=15)
    eventually(lambda: ben.remote_tiles()["ada"].width, 320, seconds=40)
    eventually(lambda: cem.remote_tiles()["ada"].width, 1280, seconds=40)
    # Both ways round, on the connections that are there.
    marks = {client: client.mark() for client in (ben, cem)}
    ben.prefer([(ada, 1, "maximum")])
    cem.prefer([(ada, 1, "low")])
    eventually(lambda: ben.remote_tiles()["ada"].width, 1280, seconds=40)
    eventually(lambda: cem.remote_tiles()["ada"].width, 320, seconds=40)
    for client, mark in marks.items():
        assert not {event.kind for event in client.events[mark:]} & {"connecting", "tile removed"}


@pytest.mark.parametrize("codec", ["vp8", "vp9", "h264", "av1"])
def test_codecs_pass_through(party: Party, codec: str) -> None:
    ada = party.join("ada", silent=True, codecs=[codec])
    ben = party.join("ben", silent=True)
    ada.camera_on(320, 180)
    eventually(ben.sees, {"ada"}, seconds=15)
    assert ben.remote_tiles()["ada"].codec.lower() == f"video/{codec}"
    # A late one needs a key frame.
    cem = party.join("cem", silent=True)
    eventually(cem.sees, {"ada"})


def test_svc_passes_through_whole(party: Party) -> None:
    ada, ben, cem = (party.join(name, silent=True, svc=True) for name in ("ada", "ben", "cem"))
    ada.camera_on(640, 360)
    for client in (ben, cem):
        eventually(client.sees, {"ada"}, seconds=15)


def test_a_paused_tile_stands_still_and_goes_on(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"], silent=True)
    ada.camera_on(320, 180)
    for client in (ben, cem):
        eventually(client.sees, {"ada"})
    tile = ben.remote_tiles()["ada"]
    ben.evaluate("id => client.audioVideo.pauseVideoTile(id)", tile.id)
    time.sleep(0.5)
    paused = ben.remote_tiles()["ada"]
    time.sleep(1)
    assert ben.remote_tiles()["ada"].packets <= paused.packets + 2
    assert cem.sees() == {"ada"}
    ben.evaluate("id => client.audioVideo.unpauseVideoTile(id)", tile.id)
    eventually(ben.sees, {"ada"})
    assert ben.remote_tiles()["ada"].id == tile.id


def test_sections_are_recycled(party: Party) -> None:
    """Cameras going on and off by turns leave tiles to those that are on, and to no others."""
    ada, ben, cem, dia = party.join_all(["ada", "ben", "cem", "dia"], silent=True)
    for on, off in ((ada, None), (ben, None), (cem, ada), (ada, ben), (ben, cem)):
        on.camera_on(320, 180)
        if off:
            off.camera_off()
    eventually(dia.sees, {"ada", "ben"}, seconds=15)
    eventually(cem.sees, {"ada", "ben"})
    eventually(ada.sees, {"ben"})
    cem.camera_on(320, 180)
    eventually(dia.sees, {"ada", "ben", "cem"})
    assert set(dia.remote_tiles()) == {"ada", "ben", "cem"}


def test_a_camera_off_and_on_again(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    for _ in range(3):
        ada.camera_on(320, 180)
        eventually(ben.sees, {"ada"})
        ada.camera_off()
        eventually(ben.remote_tiles, {})


def test_a_simulcast_share(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    ada.share(1280, 720, simulcast=True)
    eventually(ben.sees, {"ada#content"}, seconds=15)


def test_the_uplink_is_not_held_back(party: Party) -> None:
    """Transport-wide feedback lets a camera come to full quality within seconds (spec C.8)."""
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    ada.camera_on(640, 360)
    eventually(ben.sees, {"ada"})
    time.sleep(6)
    sent = _outbound(ada)
    assert sent["frameWidth"] == 640
    assert sent["qualityLimitationReason"] != "bandwidth"
    assert _estimate(ada) > 800_000


def _outbound(client: Client) -> dict[str, Any]:
    streams = [
        each
        for each in client.call("stats")
        if each["type"] == "outbound-rtp" and each["kind"] == "video"
    ]
    assert len(streams) == 1
    return dict(streams[0])


def _estimate(client: Client) -> float:
    return max(
        float(each.get("availableOutgoingBitrate", 0))
        for each in client.call("stats")
        if each["type"] == "candidate-pair"
    )
