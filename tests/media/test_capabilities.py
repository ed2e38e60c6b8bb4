"""Capability changes act on what others receive and on what the attendee receives (spec D)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.media.client import SILENT, Client
from tests.media.party import Party, eventually

SEND_LOST = "Receive"
RECEIVE_LOST = "Send"


def test_audio_send_lost_and_returned(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"])
    eventually(ben.hears, {"ada", "cem"})
    marks = {client: client.mark() for client in (ada, ben, cem)}
    assert _milliseconds_to_silence(party, ada, SEND_LOST, at=ben, of=ada) < 250
    eventually(cem.hears, {"ben"})
    assert ben.hears() == {"cem"}
    assert ada.hears() == {"ben", "cem"}
    assert ben.roster()[ada.id].volume == 0
    ada.mute()  # its own state, which capabilities do not touch
    ben.until("indicator", attendee_id=ada.id, muted=True, since=marks[ben])
    ada.unmute()

    party.allow(ada)
    eventually(ben.hears, {"ada", "cem"})
    eventually(cem.hears, {"ada", "ben"})
    _nothing_interrupted(marks)


def test_audio_receive_lost_and_returned(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"])
    eventually(ada.hears, {"ben"})
    marks = {client: client.mark() for client in (ada, ben)}
    assert _milliseconds_to_silence(party, ada, RECEIVE_LOST, at=ada, of=ben) < 250
    eventually(ada.hears, set())
    assert ben.hears() == {"ada"}
    party.allow(ada)
    eventually(ada.hears, {"ben"})
    _nothing_interrupted(marks)


def test_video_send_lost_and_returned(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"], silent=True)
    ada.camera_on(320, 180)
    ben.camera_on(320, 180)
    eventually(ben.sees, {"ada"})
    eventually(cem.sees, {"ada", "ben"})
    marks = {client: client.mark() for client in (ada, ben, cem)}
    tile = ben.remote_tiles()["ada"]
    party.allow(ada, video=SEND_LOST)
    eventually(ben.remote_tiles, {})
    ben.until("tile removed", id=tile.id, since=marks[ben])
    eventually(cem.sees, {"ben"})
    assert ada.sees() == {"ben"}
    ada.until("availability", can_start=False, since=marks[ada])

    party.allow(ada)
    eventually(ben.sees, {"ada"})
    eventually(cem.sees, {"ada", "ben"})
    ada.until("availability", can_start=True, since=marks[ada])
    _nothing_interrupted(marks)


def test_video_receive_lost_and_returned(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    for client in (ada, ben):
        client.camera_on(320, 180)
    eventually(ada.sees, {"ben"})
    eventually(ben.sees, {"ada"})
    marks = {client: client.mark() for client in (ada, ben)}
    party.allow(ada, video=RECEIVE_LOST, content="Send")
    eventually(ada.remote_tiles, {})
    assert ben.sees() == {"ada"}
    party.allow(ada)
    eventually(ada.sees, {"ben"})
    _nothing_interrupted(marks)


def test_content_lost_and_returned(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"], silent=True)
    ada.share(sound=True)
    ben.share()
    eventually(ben.sees, {"ada#content"})
    eventually(ben.hears, {"ada#content"})
    eventually(ada.sees, {"ben#content"})
    marks = {client: client.mark() for client in (ada, ben)}
    party.allow(ada, content="Receive")
    eventually(ben.remote_tiles, {})
    eventually(ben.hears, set())
    assert ada.sees() == {"ben#content"}
    party.allow(ada, content="Send")
    eventually(ben.sees, {"ada#content"})
    eventually(ben.hears, {"ada#content"})
    eventually(ada.remote_tiles, {})
    party.allow(ada)
    eventually(ada.sees, {"ben#content"})
    _nothing_interrupted(marks)


def test_the_later_of_two_quick_changes_wins(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"])
    ada.camera_on(320, 180)
    eventually(ben.sees, {"ada"})
    party.allow(ada, audio="None", video="None", content="None")
    party.allow(ada)
    eventually(ben.hears, {"ada"})
    eventually(ben.sees, {"ada"})
    party.allow(ada)
    party.allow(ada, audio="None", video="None", content="None")
    eventually(ben.hears, set())
    eventually(ben.remote_tiles, {})
    eventually(ada.hears, set())


def test_a_view_only_attendee_publishes_to_nobody(party: Party) -> None:
    view_only = {"Audio": "Receive", "Video": "Receive", "Content": "Receive"}
    ben, cem = party.join_all(["ben", "cem"])
    ada = party.join("ada", view_only)
    ben.camera_on(320, 180)
    ada.camera_on(320, 180)
    ada.share(sound=True)
    eventually(ada.hears, {"ben", "cem"})
    eventually(ada.sees, {"ben"})
    eventually(cem.sees, {"ben"})
    assert ben.sees(seconds=1.5) == set()
    assert ben.hears(seconds=1) == {"cem"}
    assert ada.id in ben.roster()
    party.allow(ada)
    eventually(ben.sees, {"ada", "ada#content"})
    eventually(ben.hears, {"ada", "ada#content", "cem"})


@pytest.mark.media
def test_all_but_one_lose_everything(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"])
    for client in (ada, ben):
        client.camera_on(320, 180)
    eventually(cem.sees, {"ada", "ben"})
    nothing = {"Audio": "None", "Video": "None", "Content": "None"}
    party.except_these([ada], nothing)
    eventually(cem.hears, set())
    eventually(cem.remote_tiles, {})
    eventually(ada.hears, set())  # nobody else may send
    eventually(ada.remote_tiles, {})
    eventually(ben.remote_tiles, {})
    party.except_these([ada], {"Audio": "Receive", "Video": "Receive", "Content": "Receive"})
    eventually(cem.hears, {"ada"})
    eventually(cem.sees, {"ada"})


@pytest.mark.media
def test_capabilities_hold_over_a_reconnect(party: Party) -> None:
    cable = party.cable()
    ben = party.join("ben")
    ada = party.join_through(cable, "ada")
    ada.camera_on(320, 180)
    eventually(ben.sees, {"ada"})
    party.allow(ada, audio="Receive", video="Receive", content="Receive")
    eventually(ben.remote_tiles, {})
    mark = ada.mark()
    cable.cut()
    ada.until("connecting", since=mark)
    ada.until("started", since=mark)
    assert ben.sees(seconds=1.5) == set()
    assert ben.hears(seconds=1) == set()
    eventually(ada.hears, {"ben"})
    mark = ada.mark()
    cable.cut()
    ada.until("connecting", since=mark)
    party.allow(ada)  # while it is away
    eventually(ben.sees, {"ada"}, seconds=15)
    eventually(ben.hears, {"ada"})


@pytest.mark.media
def test_a_client_cannot_send_by_turning_things_off_and_on(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"])
    ada.camera_on(320, 180)
    eventually(ben.sees, {"ada"})
    party.allow(ada, audio="Receive", video="Receive", content="Receive")
    eventually(ben.remote_tiles, {})
    ada.camera_off()
    ada.camera_on(320, 180)
    ada.mute()
    ada.unmute()
    ada.share(sound=True)
    assert ben.sees(seconds=2) == set()
    assert ben.hears(seconds=1) == set()


def _milliseconds_to_silence(
    party: Party, client: Client, audio: str, *, at: Client, of: Client, tries: int = 3
) -> float:
    """From the API's answer to the last moment at which `at` hears `of`; the best of some tries."""
    needed = []
    for _ in range(tries):
        party.allow(client)
        eventually(lambda: of.name in at.hears(), True)
        at.watch(of.signature.tone)
        answered = party.allow(client, audio=audio)
        eventually(lambda: of.name in at.hears(), False)
        levels = at.watched(of.signature.tone)
        loud = [moment for moment, level in levels if level > SILENT]
        needed.append(max(loud) - answered)
        if needed[-1] < 250:
            break
    return min(needed)


def _nothing_interrupted(marks: dict[Client, int]) -> None:
    """A change of capabilities disconnects nobody (spec D.1 rule 1)."""
    for client, mark in marks.items():
        happened = {event.kind for event in client.events[mark:]}
        assert not happened & {"connecting", "stopped", "started"}, (client, happened)


def combinations() -> Iterator[tuple[str, str, str]]:
    """All that the API takes: 4 x 12 of them (spec A.7 rule 5)."""
    values = ("SendReceive", "Send", "Receive", "None")
    for audio in values:
        for video in values:
            for content in values:
                if "Receive" in video or "Receive" not in content:
                    yield audio, video, content
