"""Two and three clients in a meeting: who hears, sees, reads and knows what of whom."""

from __future__ import annotations

import time
from functools import partial

from tests.media.client import Client
from tests.media.party import Party, eventually


def test_each_hears_the_others_and_not_itself(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"])
    for client, others in ((ada, {"ben", "cem"}), (ben, {"ada", "cem"}), (cem, {"ada", "ben"})):
        eventually(client.hears, others)
        assert client.hears(seconds=1) == others


def test_a_client_without_microphone_hears_and_is_heard_by_nobody(party: Party) -> None:
    ada, ben = party.join("ada"), party.join("ben", silent=True)
    eventually(ben.hears, {"ada"})
    assert ada.hears(seconds=1) == set()


def test_a_camera_is_seen_in_its_size_and_colour(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"], silent=True)
    ada.camera_on(640, 360)
    for client in (ben, cem):
        eventually(client.sees, {"ada"})
        eventually(partial(_size, client, "ada"), (640, 360))
    before = ben.remote_tiles()["ada"]
    time.sleep(1)
    after = ben.remote_tiles()["ada"]
    assert after.decoded > before.decoded + 5
    assert after.id == before.id
    assert ada.sees() == set()

    ada.camera_off()
    for client in (ben, cem):
        eventually(client.remote_tiles, {})


def test_cameras_of_everybody(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"], silent=True)
    for client in (ada, ben, cem):
        client.camera_on(480, 270)
    eventually(ada.sees, {"ben", "cem"}, seconds=10)
    eventually(ben.sees, {"ada", "cem"})
    eventually(cem.sees, {"ada", "ben"})
    # A late one gets them all, and the others their tiles stay.
    ids = {whose: tile.id for whose, tile in ada.remote_tiles().items()}
    dia = party.join("dia", silent=True)
    eventually(dia.sees, {"ada", "ben", "cem"})
    dia.camera_on(320, 180)
    eventually(ada.sees, {"ben", "cem", "dia"})
    assert {whose: ada.remote_tiles()[whose].id for whose in ids} == ids


def test_a_share_is_seen_and_heard(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"], silent=True)
    ada.camera_on(320, 180)
    ada.share(800, 450, sound=True)
    ada.until("share started")
    for client in (ben, cem):
        eventually(client.sees, {"ada", "ada#content"})
        assert _size(client, "ada#content") == (800, 450)
        eventually(client.hears, {"ada#content"})
    assert ada.hears(seconds=0.7) == set()  # its own share would echo
    assert ada.remote_tiles() == {}
    content = f"{ada.id}#content"
    assert content in ben.roster()

    ada.stop_share()
    eventually(ben.sees, {"ada"})
    eventually(ben.hears, set())
    ben.until("presence", attendee_id=content, present=False)


def test_mute_is_heard_and_shown(party: Party) -> None:
    ada, ben = party.join_all(["ada", "ben"])
    eventually(ben.hears, {"ada"})
    ada.mute()
    ben.until("indicator", attendee_id=ada.id, muted=True)
    eventually(ben.hears, set())
    assert ada.hears() == {"ben"}
    cem = party.join("cem", silent=True)
    cem.until("indicator", attendee_id=ada.id, muted=True)
    ada.unmute()
    for client in (ben, cem):
        client.until("indicator", attendee_id=ada.id, muted=False, since=client.mark() - 50)
    eventually(ben.hears, {"ada"})


def test_who_joins_muted_is_muted_from_the_first_packet(party: Party) -> None:
    ben = party.join("ben", silent=True)
    ada = party.join("ada", muted=True)
    ben.until("indicator", attendee_id=ada.id, muted=True)
    assert ben.hears(seconds=1) == set()
    ada.unmute()
    eventually(ben.hears, {"ada"})


def test_volumes_and_the_active_speaker(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"], muted=True)
    ada.unmute()
    eventually(lambda: cem.speakers()[:1], [ada.id])
    # -17 dBFS on a scale from -42 to -14, once it has risen to that.
    eventually(lambda: 0.6 < (cem.roster()[ada.id].volume or 0) <= 1, True)
    assert not cem.roster()[ben.id].volume
    ada.mute()
    ben.unmute()
    eventually(lambda: cem.speakers()[:1], [ben.id])
    eventually(lambda: cem.roster()[ada.id].volume, 0)


def test_the_roster_follows_who_comes_and_goes(party: Party) -> None:
    ada = party.join("ada", silent=True)
    ben = party.join("ben", silent=True)
    cem = party.join("cem", silent=True)
    everybody = {ada.id: "ada", ben.id: "ben", cem.id: "cem"}
    for client in (ada, ben, cem):
        eventually(partial(_names, client), everybody)
    ben.leave()
    left = ada.until("presence", attendee_id=ben.id, present=False)
    assert left.value["dropped"] is False
    cem.close_tab()
    ada.until("presence", attendee_id=cem.id, present=False, seconds=20)
    assert _names(ada) == {ada.id: "ada"}
    ben.start()
    eventually(lambda: _names(ada), {ada.id: "ada", ben.id: "ben"})


def test_messages_reach_the_others_in_order(party: Party) -> None:
    ada, ben, cem = party.join_all(["ada", "ben", "cem"], silent=True, topics=["chat"])
    for number in range(20):
        ada.send("chat", f"message {number}")
    expected = [f"message {number}" for number in range(20)]
    eventually(ben.messages, expected)
    eventually(cem.messages, expected)
    assert ada.messages() == []
    first = ben.of_kind("message")[0]
    assert first.value["sender"] == ada.id
    assert first.value["external_user_id"] == "ada"
    assert abs(first.value["timestamp_ms"] - first.at) < 1000
    assert first.value["throttled"] is False
    ben.send("other", "of another topic")
    ben.send("chat", "of this one")
    eventually(ada.messages, ["of this one"])


def test_messages_with_a_lifetime_reach_who_comes_later(party: Party) -> None:
    ada = party.join("ada", silent=True, topics=["chat"])
    ada.send("chat", "for the moment")
    for number in range(5):
        ada.send("chat", f"to stay {number}", lifetime_ms=60_000)
    ada.send("chat", "soon over", lifetime_ms=300)
    time.sleep(0.8)
    ben = party.join("ben", silent=True, topics=["chat"])
    eventually(ben.messages, [f"to stay {number}" for number in range(5)])
    assert ben.of_kind("message")[0].value["timestamp_ms"] < ben.of_kind("start")[0].at


def _size(client: Client, whose: str) -> tuple[int, int]:
    tile = client.remote_tiles()[whose]
    return tile.width, tile.height


def _names(client: Client) -> dict[str, str]:
    return {key: present.external_user_id for key, present in client.roster().items()}
