"""aiortc, a second WebRTC implementation, in one meeting with the browser client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.media.client import AUDIBLE, Client
from tests.media.events import Colour
from tests.media.party import Party, eventually
from tests.media.peer import Peer, use_loopback

pytestmark = pytest.mark.media


@contextmanager
def peer_in(party: Party, name: str, *, camera: bool = False) -> Iterator[Peer]:
    background = party.chromium.background
    signature = party.signature(name)
    use_loopback()
    colour = signature.colour if camera else None
    peer = background.run(Peer.join(party.meeting, party.attendee(name), signature.tone, colour))
    try:
        yield peer
    finally:
        background.run(peer.leave())


def _hears(party: Party, peer: Peer, client: Client) -> bool:
    tone = client.signature.tone
    return party.chromium.background.run(peer.heard([tone]))[tone] > AUDIBLE


def test_they_hear_each_other(party: Party) -> None:
    ada = party.join("ada")
    with peer_in(party, "otto") as otto:
        eventually(ada.hears, {"otto"})
        eventually(lambda: _hears(party, otto, ada), True)
        assert ada.id in otto.roster
        party.allow(ada, audio="Receive")
        eventually(lambda: _hears(party, otto, ada), False)
    eventually(ada.hears, set())


def test_they_see_each_other(party: Party) -> None:
    ada = party.join("ada", silent=True, topics=["chat"])
    with peer_in(party, "otto", camera=True) as otto:
        eventually(ada.sees, {"otto"}, seconds=15)
        ada.camera_on(320, 180)
        eventually(lambda: ada.id in party.chromium.background.run(otto.seen()), True, seconds=15)
        time.sleep(2)
        frames, colour, size = party.chromium.background.run(otto.seen())[ada.id]
        assert frames > 10
        assert _near(colour, ada.signature.colour)
        assert size == (320, 180)
        party.chromium.background.run(otto.send_message("chat", "from aiortc"))
        eventually(ada.messages, ["from aiortc"])
        ada.send("any", "from the browser")
        eventually(lambda: otto.messages, ["from the browser"])
        ada.camera_off()
        eventually(lambda: otto.sources, [])
        party.end()
        eventually(lambda: otto.status, 410)


def _near(colour: Colour, wanted: Colour) -> bool:
    return all(abs(a - b) <= 40 for a, b in zip(colour, wanted, strict=True))
