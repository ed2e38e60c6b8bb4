"""Ten clients in one meeting."""

from __future__ import annotations

import time
from functools import partial

import pytest

from tests.media.client import Client
from tests.media.party import Party, eventually

pytestmark = pytest.mark.media

NAMES = ["ada", "ben", "cem", "dia", "eli", "fay", "gus", "hal", "ida", "jon"]


def test_ten_hear_see_and_read_one_another(party: Party) -> None:
    clients = party.join_all(NAMES, muted=True, topics=["chat"])
    ids = {client.id for client in clients}
    for client in clients:
        eventually(partial(_present, client), ids, seconds=20)

    # The mix holds the three loudest, so they speak by turns.
    for start in (0, 3, 6):
        speaking = clients[start : start + 3]
        _speak(clients, speaking)
    for client in clients:
        client.mute()

    for client in clients:
        client.send("chat", f"from {client.name}")
    for client in clients:
        others = {f"from {name}" for name in NAMES if name != client.name}
        eventually(partial(_read, client), others)

    for client in clients[:4]:
        client.camera_on(240, 135, frames_per_second=5)
    cameras = set(NAMES[:4])
    for client in clients:
        eventually(partial(client.sees, 2), cameras - {client.name}, seconds=60)

    clients[9].close_tab()
    clients[8].leave()
    remaining = ids - {clients[9].id, clients[8].id}
    for client in clients[:8]:
        eventually(partial(_present, client), remaining, seconds=30)


def _present(client: Client) -> set[str]:
    return set(client.roster())


def _read(client: Client) -> set[str]:
    return set(client.messages())


def _speak(clients: list[Client], speaking: list[Client]) -> None:
    for client in clients:
        if client in speaking:
            client.unmute()
        else:
            client.mute()
    names = {client.name for client in speaking}
    for client in clients:
        eventually(partial(client.hears, 0.3), names - {client.name}, seconds=20)


def test_four_speakers_are_mixed_down_to_the_loudest_three(party: Party) -> None:
    eve = party.join("eve", silent=True)
    for name, amplitude in (("ada", 0.3), ("ben", 0.28), ("cem", 0.26), ("dia", 0.01)):
        party.join(name, amplitude=amplitude)
    time.sleep(1)
    eventually(eve.hears, {"ada", "ben", "cem"})
