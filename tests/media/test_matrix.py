"""Every combination of capabilities, seen from the attendee and from two others (spec D.4)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.media.browser import Chromium
from tests.media.client import Client
from tests.media.party import Party, eventually
from tests.media.test_capabilities import combinations
from tests.server import Server

pytestmark = pytest.mark.media

Everybody = tuple[Party, Client, Client, Client]


@pytest.fixture(scope="module")
def everybody(server: Server, chromium: Chromium, page_url: str) -> Iterator[Everybody]:
    """Ada and Ben send all they can, Cem watches."""
    with Party(server, chromium, page_url) as party:
        ada, ben, cem = party.join_all(["ada", "ben", "cem"])
        cem.mute()
        for client in (ada, ben):
            client.camera_on(320, 180, frames_per_second=10)
        ada.share(320, 180, sound=True)
        ben.share(320, 180)
        yield party, ada, ben, cem


@pytest.mark.parametrize(("audio", "video", "content"), list(combinations()))
def test_it_gates_both_ways(everybody: Everybody, audio: str, video: str, content: str) -> None:
    party, ada, ben, cem = everybody
    connected = {client: len(client.of_kind("connecting")) for client in (ada, ben, cem)}
    party.allow(ada, audio, video, content)
    _check(everybody, audio, video, content)
    party.allow(ada)
    _check(everybody, "SendReceive", "SendReceive", "SendReceive")
    assert {client: len(client.of_kind("connecting")) for client in (ada, ben, cem)} == connected


def _check(everybody: Everybody, audio: str, video: str, content: str) -> None:
    _, ada, ben, cem = everybody
    sent_sound = _when("Send" in audio, "ada") | _when("Send" in content, "ada#content")
    sent_video = _when("Send" in video, "ada") | _when("Send" in content, "ada#content")
    eventually(cem.sees, {"ben", "ben#content"} | sent_video)
    eventually(ben.sees, sent_video)
    eventually(
        ada.sees, _when("Receive" in video, "ben") | _when("Receive" in content, "ben#content")
    )
    eventually(cem.hears, {"ben"} | sent_sound)
    eventually(ben.hears, sent_sound)
    eventually(ada.hears, _when("Receive" in audio, "ben"))


def _when(condition: bool, whose: str) -> set[str]:
    return {whose} if condition else set()
