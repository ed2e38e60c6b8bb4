"""AUDIO_METADATA (chime-meetings B.8)."""

from __future__ import annotations

from hubbub.meetings.signalling.effects import SendAll
from tests.unit.meetings.signalling.house import Client, House, Type


def states(client: Client) -> list[tuple[int, int | None, int | None]]:
    """Stream, volume and signal strength of each state of the only frame."""
    return [
        (
            state.audio_stream_id,
            state.volume if state.HasField("volume") else None,
            state.signal_strength if state.HasField("signal_strength") else None,
        )
        for state in client.one(Type.AUDIO_METADATA).audio_metadata.attendee_states
    ]


def stream(client: Client, name: str) -> int:
    return next(key for key, value in client.model.streams.items() if value == name)


def test_volumes_are_encoded_once_for_all() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    house.opened("cy").join()
    house.clear()
    house.levels((ann, 20), (bob, 200))
    assert states(ann) == [(stream(ann, "ann"), 20, None), (stream(ann, "bob"), 127, None)]
    (effect,) = house.effects
    assert isinstance(effect, SendAll)
    assert set(effect.sessions) == {ann.number, bob.number}


def test_silence_is_a_volume_of_nobody() -> None:
    house = House()
    ann = house.enter("ann")
    house.clear()
    house.levels()
    assert states(ann) == [(0, 127, None)]


def test_levels_of_sessions_that_have_gone_are_left_out() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    bob.leave()
    house.advance(3)
    house.clear()
    house.levels((bob, 20))
    assert states(ann) == [(0, 127, None)]


def test_poor_uplinks_are_told_without_volumes() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    house.clear()
    house.signals((ann, 0))
    assert states(bob) == [(stream(bob, "ann"), None, 0)]
    house.clear()
    house.signals((bob, 1))
    assert states(ann) == [(stream(ann, "ann"), None, 0), (stream(ann, "bob"), None, 1)]
    house.clear()
    house.signals((ann, 9))
    assert states(ann) == [(stream(ann, "ann"), None, 2), (stream(ann, "bob"), None, 1)]


def test_uplinks_that_change_together_are_told_in_one_frame() -> None:
    house = House()
    ann, bob, cat = (house.enter(name) for name in ("ann", "bob", "cat"))
    house.clear()
    house.signals((ann, 0), (bob, 1), (cat, 2))
    told = [(stream(cat, "ann"), None, 0), (stream(cat, "bob"), None, 1)]
    assert states(cat) == [*told, (stream(cat, "cat"), None, 2)]


def test_signals_of_sessions_that_have_gone_are_left_out() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    bob.leave()
    house.advance(3)
    house.clear()
    house.signals((bob, 0), (ann, 1))
    assert states(ann) == [(stream(ann, "ann"), None, 1)]


def test_who_comes_later_learns_of_poor_uplinks() -> None:
    house = House()
    ann = house.enter("ann")
    house.signals((ann, 1))
    bob = house.enter("bob")
    assert states(bob) == [(stream(bob, "ann"), None, 1)]


def test_signals_of_who_is_not_present_are_not_told() -> None:
    house = House()
    house.enter("ann")
    bob = house.opened("bob")
    bob.join()
    bob.subscribe()
    house.clear()
    house.signals((bob, 0))
    assert house.effects == []
