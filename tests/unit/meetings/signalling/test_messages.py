"""Data messages (chime-meetings B.8)."""

from __future__ import annotations

import pytest

from hubbub.meetings.signalling import messages
from hubbub.meetings.signalling import signal_pb2 as pb
from tests.unit.meetings.signalling.house import House, Type


def test_a_message_goes_to_all_others_and_no_share() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    share = house.enter("bob", content=True)
    waiting = house.opened("cy")
    waiting.join()
    house.clear()
    ann.say(b"hi", lifetime_ms=5)
    (message,) = bob.heard
    assert message == pb.SdkDataMessagePayload(
        topic="chat",
        data=b"hi",
        lifetime_ms=5,
        sender_attendee_id="ann",
        sender_external_user_id="user-ann",
        ingest_time_ns=int(house.now * 1e9),
    )
    assert ann.heard == share.heard == waiting.heard == []


@pytest.mark.parametrize(
    ("topic", "size", "delivered"),
    [
        ("t" * 36, 2048, True),
        ("a-Z_9", 0, True),
        ("t" * 37, 1, False),
        ("", 1, False),
        ("aws:chime:transcription", 1, False),
        ("topic\n", 1, False),
        ("tópic", 1, False),
        ("t", 2049, False),
    ],
)
def test_limits(topic: str, size: int, delivered: bool) -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    house.clear()
    ann.say(b"x" * size, topic=topic)
    assert bool(bob.heard) is delivered
    assert ann.frames == []


def test_content_sessions_send_none() -> None:
    house = House()
    bob, share = house.enter("bob"), house.enter("ann", content=True)
    share.say(b"hi")
    assert bob.heard == []


def test_there_is_one_order_though_the_clock_stands() -> None:
    house = House()
    ann, bob, cy = (house.enter(name) for name in ("ann", "bob", "cy"))
    house.clear()
    for number in range(10):
        (ann, bob)[number % 2].say(bytes([number]))
    times = [message.ingest_time_ns for message in cy.heard]
    assert times == sorted(set(times))
    assert [message.data for message in cy.heard] == [bytes([number]) for number in range(10)]


def test_kept_messages_are_replayed_in_order_right_after_the_roster() -> None:
    house = House()
    ann = house.enter("ann")
    house.enter("bob")
    ann.say(b"first", lifetime_ms=60_000)
    house.advance(1)
    ann.say(b"gone soon", lifetime_ms=500)
    ann.say(b"not kept")
    ann.say(b"second", lifetime_ms=60_000)
    sent = int(house.now * 1e9)
    house.advance(1)
    cy = house.enter("cy")
    assert cy.kinds.index("DATA_MESSAGE") == cy.kinds.index("AUDIO_STREAM_ID_INFO") + 1
    assert [message.data for message in cy.heard] == [b"first", b"second"]
    assert cy.heard[1].ingest_time_ns == sent + 2
    assert cy.heard[1].sender_attendee_id == "ann"


def test_a_resubscribe_replays_nothing() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    ann.say(b"x", lifetime_ms=60_000)
    house.clear()
    bob.subscribe()
    assert bob.heard == []


def test_content_sessions_are_replayed_nothing() -> None:
    house = House()
    house.enter("ann").say(b"x", lifetime_ms=60_000)
    assert house.enter("ann", content=True).heard == []


def test_nothing_is_kept_for_longer_than_five_minutes() -> None:
    house = House()
    house.enter("ann").say(b"x", lifetime_ms=2**32 - 1)
    house.advance(299)
    assert len(house.enter("bob").heard) == 1
    house.advance(2)
    assert house.enter("cy").heard == []


def test_the_oldest_are_pushed_out_and_replays_come_in_pieces() -> None:
    house = House()
    ann = house.enter("ann")
    for number in range(messages.MOST_KEPT + 3):
        house.advance(0.01)
        ann.say(b"%2048d" % number, lifetime_ms=300_000)
    bob = house.enter("bob")
    heard = [int(message.data) for message in bob.heard]
    assert heard == list(range(3, messages.MOST_KEPT + 3))
    pieces = [frame.ByteSize() for frame in bob.got(Type.DATA_MESSAGE)]
    assert max(pieces) < messages.REPLAY_BYTES + 1024


def test_beyond_the_soft_limit_a_message_comes_back_throttled() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    house.clear()
    ann.say(b"x", lifetime_ms=1000, times=203)
    assert len(bob.heard) == 200
    assert [(each.ingest_time_ns, each.data) for each in ann.heard] == [(0, b"x")] * 3
    house.advance(0.055)
    house.clear()
    bob.say(b"y", times=6)
    assert (len(ann.heard), len(bob.heard)) == (5, 1)
    assert len(house.enter("cy").heard) == 200


def test_beyond_the_hard_limit_the_sender_is_disconnected() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    for _ in range(10):
        ann.say(b"", times=200)
    assert ann.closed == 0
    ann.say(b"", times=200)
    assert ann.statuses == [429]
    assert ann.closed == 4400
    assert bob.model.present == {"bob"}


def test_beyond_the_meetings_hard_limit_messages_are_lost() -> None:
    house = House()
    clients = [house.enter(f"a{number}") for number in range(6)]
    house.clear()
    for client in clients:
        for _ in range(10):
            client.say(b"", times=200)
    echoes = sum(len(client.heard) for client in clients[1:])
    assert sum(message.ingest_time_ns == 0 for message in clients[-1].heard) == 0
    assert len(clients[0].heard) == 2000 - 200
    assert echoes == 4 * 2000 + 5 * 200
    assert all(client.closed == 0 for client in clients)


def test_transcripts_go_to_everybody() -> None:
    house = House()
    ann, bob = house.enter("ann"), house.enter("bob")
    share = house.enter("bob", content=True)
    house.clear()
    house.apply(house.room.transcript(b"frame", house.now))
    for client in (ann, bob):
        (message,) = client.heard
        assert (message.topic, message.data) == ("aws:chime:transcription", b"frame")
        assert message.ingest_time_ns > 0
    assert share.heard == []


def test_a_transcript_that_nobody_hears_is_not_sent() -> None:
    house = House()
    assert house.room.transcript(b"frame", house.now) == []
