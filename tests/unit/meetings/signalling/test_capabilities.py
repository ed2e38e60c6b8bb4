"""Capabilities on signalling (chime-meetings D): engine first, then INDEX, all stay connected."""

from __future__ import annotations

import itertools

import pytest

from hubbub.meetings.capabilities import Capabilities, Capability
from hubbub.meetings.media import commands
from hubbub.meetings.signalling.effects import Command
from tests.unit.meetings.signalling.house import House

VALUES: tuple[Capability, ...] = ("SendReceive", "Send", "Receive", "None")


@pytest.mark.parametrize(("video", "content"), list(itertools.product(VALUES, VALUES)))
def test_the_matrix_of_video_and_content(video: Capability, content: Capability) -> None:
    house = House()
    ann, bob = house.enter("ann", camera="on"), house.enter("bob", camera="on")
    house.enter("ann", content=True, camera="on")
    house.enter("bob", content=True, camera="on")
    house.clear()
    house.change("ann", video=video, content=content)
    sends_video, sends_content = "Send" in video, "Send" in content
    sees = ["bob"] * ("Receive" in video) + ["bob#content"] * ("Receive" in content)
    assert bob.shown == ["ann"] * sends_video + ["ann#content"] * sends_content
    assert ann.shown == sees
    assert ann.index is not None
    assert ann.index.at_capacity is not sends_video
    assert ann.closed == 0
    assert ann.statuses == []
    assert house.told() == []
    house.change("ann")
    assert bob.shown == ["ann", "ann#content"]
    assert ann.shown == ["bob", "bob#content"]


@pytest.mark.parametrize("audio", VALUES)
def test_audio_only_concerns_the_engine(audio: Capability) -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    house.clear()
    house.change("ann", audio=audio)
    (gates,) = house.given(commands.SetGates)
    assert gates.gates.audio_send is ("Send" in audio)
    assert gates.gates.audio_receive is ("Receive" in audio)
    assert (ann.frames, bob.frames) == ([], [])
    assert bob.model.present == {"ann", "bob"}


def test_the_gates_close_before_the_index_tells() -> None:
    house = House()
    house.enter("ann", camera="on")
    house.enter("bob")
    opened = house.given(commands.OpenSession)[0]
    house.clear()
    house.change("ann", video="None", content="None")
    assert house.commands == [
        commands.SetGates(
            house.room.meeting or 0,
            opened.attendee,
            commands.Gates(
                video_send=False, video_receive=False, content_send=False, content_receive=False
            ),
        )
    ]
    assert isinstance(house.effects[0], Command)
    assert len(house.effects) > 1


def test_a_source_comes_back_with_its_ids() -> None:
    house = House()
    ann, bob = house.enter("ann", camera="on"), house.enter("bob")
    before = bob.sources
    house.change("ann", video="Receive")
    ann.subscribe(camera="on")
    assert ann.streams == list(before)
    assert bob.sources == {}
    house.change("ann")
    assert bob.sources == before


def test_capabilities_hold_from_the_first_moment() -> None:
    house = House()
    bob = house.enter("bob", camera="on")
    viewer = Capabilities(audio="Receive", video="Receive", content="None")
    ann = house.enter("ann", capabilities=viewer, camera="on")
    share = house.enter("ann", content=True, capabilities=viewer, camera="on")
    assert ann.streams
    assert share.streams
    assert bob.shown == []
    assert ann.shown == ["bob"]
    gates = [each.gates for each in house.given(commands.OpenSession)[1:]]
    closed = commands.Gates(
        audio_send=False, video_send=False, content_send=False, content_receive=False
    )
    assert gates == [closed, closed]


def test_a_change_before_joining_holds_after_it() -> None:
    house = House()
    bob = house.enter("bob")
    house.clear()
    house.change("ann", video="None", content="None")
    assert house.effects == []
    house.enter("ann", camera="on")
    assert bob.shown == []
    house.change("ann")
    assert bob.shown == ["ann"]


def test_a_change_while_reconnecting_holds_after_it() -> None:
    house = House()
    ann, bob = house.enter("ann", camera="on"), house.enter("bob")
    ann.socket_closes()
    house.change("ann", video="Receive")
    assert bob.shown == []
    house.enter("ann", camera="on")
    assert bob.shown == []
    assert house.given(commands.OpenSession)[-1].gates.video_send is False


def test_of_two_changes_the_last_one_holds_everywhere() -> None:
    house = House()
    bob = house.enter("bob")
    house.enter("ann", camera="on")
    house.change("ann", video="None", content="None")
    house.advance(0.03)
    house.change("ann", video="Send", content="None")
    assert bob.shown == ["ann"]
    assert house.given(commands.SetGates)[-1].gates.video_send


def test_everybody_changes_at_once() -> None:
    house = House()
    clients = [house.enter(name, camera="on") for name in ("ann", "bob", "cy")]
    viewer = Capabilities(video="Receive")
    house.clear()
    changed = {"ann": viewer, "bob": viewer, "unknown": viewer}
    house.apply(house.room.capabilities_changed(changed, house.now))
    assert [client.shown for client in clients] == [["cy"], ["cy"], []]
    assert len(house.given(commands.SetGates)) == 2
    assert all(len(client.frames) == 1 for client in clients)


def test_a_deleted_attendee_leaves_no_capabilities_behind() -> None:
    house = House()
    bob = house.enter("bob")
    house.enter("ann")
    house.change("ann", video="None", content="None")
    house.apply(house.room.attendee_deleted("ann", house.now))
    house.enter("ann", camera="on")
    assert bob.shown == ["ann"]


def test_who_has_no_media_has_no_gates_in_the_engine() -> None:
    house = House()
    house.opened("ann").join()
    house.clear()
    house.change("ann", video="Receive")
    assert house.commands == []
