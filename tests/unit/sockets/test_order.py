"""A member's frames leave in the order in which they were given to it or to its audiences."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.sockets import Audience, Connection, encode_text
from hubbub.sockets.audience import MOST_PENDING_BYTES, MOST_PENDING_FRAMES
from hubbub.sockets.frames import encode_close
from tests.unit.sockets.fake_transport import FakePeer, Gate, make_front, ticks

PEERS, AUDIENCES = 3, 2

peer = st.integers(0, PEERS - 1)
audience = st.integers(0, AUDIENCES - 1)
steps = st.one_of(
    st.tuples(st.just("broadcast"), audience, st.just(0)),
    st.tuples(st.just("broadcast"), audience, st.just(0)),
    st.tuples(st.just("send"), peer, st.just(0)),
    st.tuples(st.just("add"), audience, peer),
    st.tuples(st.just("discard"), audience, peer),
    st.tuples(st.just("clog"), peer, st.just(0)),
    st.tuples(st.just("unclog"), peer, st.just(0)),
    st.tuples(st.just("close"), peer, st.just(0)),
    st.tuples(st.just("open"), st.just(0), st.just(0)),
    st.tuples(st.just("tick"), st.just(0), st.just(0)),
    st.tuples(st.just("tick"), st.just(0), st.just(0)),
)


async def act_and_compare(  # noqa: PLR0912 - one branch a step
    program: list[tuple[str, int, int]], *, open_now: bool
) -> None:
    gate = Gate(open_now=open_now)
    front = make_front({"/": gate})
    peers = [FakePeer(front) for _ in range(PEERS)]
    connections: list[Connection] = [each.connection for each in peers]
    audiences = [Audience() for _ in range(AUDIENCES)]
    members: list[set[int]] = [set() for _ in range(AUDIENCES)]
    expected = [b""] * PEERS
    ended: set[int] = set()
    for number in range(PEERS):
        audiences[0].add(connections[number])
        members[0].add(number)
    await ticks()

    def give(number: int, frame: bytes) -> None:
        if number not in ended:
            expected[number] += frame

    for count, (what, first, second) in enumerate(program):
        frame = encode_text(b"frame %d" % count)
        if what == "broadcast":
            audiences[first].broadcast(frame)
            for number in members[first]:
                give(number, frame)
        elif what == "send":
            connections[first].send(frame)
            give(first, frame)
        elif what == "add":
            audiences[first].add(connections[second])
            members[first].add(second)
        elif what == "discard":
            audiences[first].discard(connections[second])
            members[first].discard(second)
        elif what == "close":
            connections[first].close(1000)
            give(first, encode_close(1000))
            ended.add(first)
        elif what == "clog":
            peers[first].transport.clogged = True
        elif what == "unclog":
            peers[first].transport.unclog()
        elif what == "open":
            gate.open.set()
        else:
            await asyncio.sleep(0)
        for index, group in enumerate(audiences):
            assert len(group) == len(members[index])
            assert set(group) == {connections[number] for number in members[index]}
    gate.open.set()
    await ticks()
    for each in peers:
        each.transport.unclog()
    await ticks()
    for number, each in enumerate(peers):
        assert each.transport.frames == expected[number]


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=40), st.booleans())
def test_any_course_of_events(program: list[tuple[str, int, int]], open_now: bool) -> None:
    asyncio.run(act_and_compare(program, open_now=open_now))


@pytest.fixture
async def three() -> tuple[Audience, list[FakePeer]]:
    front = make_front({"/": Gate()})
    peers = [FakePeer(front) for _ in range(3)]
    audience = Audience()
    for each in peers:
        audience.add(each.connection)
    await ticks()
    for each in peers:
        each.transport.writes = [b"HTTP/1.1 101 \r\n\r\n"]
    return audience, peers


async def test_frames_of_one_tick_leave_in_one_write_shared_by_all(
    three: tuple[Audience, list[FakePeer]],
) -> None:
    audience, peers = three
    for number in range(8):
        audience.broadcast(encode_text(b"%d" % number))
    await ticks()
    for each in peers:
        assert each.transport.writes[1:] == [
            b"".join(encode_text(b"%d" % number) for number in range(8))
        ]


async def test_frames_of_ticks_that_follow_each_other_share_a_write(
    three: tuple[Audience, list[FakePeer]],
) -> None:
    audience, peers = three
    for number in range(8):
        audience.broadcast(encode_text(b"%d" % number))
        await ticks(1)
    assert all(len(each.transport.writes) == 1 for each in peers)
    await ticks(1)
    for each in peers:
        assert each.transport.writes[1:] == [
            b"".join(encode_text(b"%d" % number) for number in range(8))
        ]


@pytest.mark.parametrize(
    ("size", "most"), [(10, MOST_PENDING_FRAMES), (16_384, MOST_PENDING_BYTES // 16_384)]
)
async def test_a_stream_without_a_pause_leaves_in_bounded_writes(
    three: tuple[Audience, list[FakePeer]], size: int, most: int
) -> None:
    audience, peers = three
    frame = encode_text(b"x" * size)
    for _ in range(200):
        audience.broadcast(frame)
        await ticks(1)
    await ticks()
    for each in peers:
        assert each.transport.frames == frame * 200
        assert max(map(len, each.transport.writes)) <= (most + 1) * len(frame)
        assert len(each.transport.writes) > 200 // (most + 1)


@pytest.mark.parametrize(
    "private",
    [
        pytest.param(lambda peer: peer.connection.send(encode_text(b"own")), id="send"),
        pytest.param(lambda peer: peer.connection.data_received(b"\x89\x80abcd"), id="pong"),
    ],
)
async def test_with_a_frame_of_its_own_it_is_still_one_write(
    three: tuple[Audience, list[FakePeer]], private: Callable[[FakePeer], None]
) -> None:
    audience, peers = three
    audience.broadcast(encode_text(b"before"))
    private(peers[0])
    audience.broadcast(encode_text(b"after"))
    await ticks()
    [written] = peers[0].transport.writes[1:]
    assert written.startswith(encode_text(b"before"))
    assert written.endswith(encode_text(b"after"))
    # And it is an ordinary member again.
    audience.broadcast(encode_text(b"next"))
    await ticks()
    assert all(each.transport.writes[-1] == encode_text(b"next") for each in peers)
    assert list(audience._fast) and not audience._loose


async def test_a_new_member_gets_nothing_broadcast_before(
    three: tuple[Audience, list[FakePeer]],
) -> None:
    audience, peers = three
    audience.discard(peers[0].connection)
    audience.broadcast(encode_text(b"before"))
    audience.add(peers[0].connection)
    audience.broadcast(encode_text(b"after"))
    await ticks()
    assert peers[0].transport.frames == encode_text(b"after")
    assert peers[1].transport.frames == encode_text(b"before") + encode_text(b"after")


async def test_who_leaves_still_gets_what_was_broadcast_before(
    three: tuple[Audience, list[FakePeer]],
) -> None:
    audience, peers = three
    audience.broadcast(encode_text(b"before"))
    audience.discard(peers[0].connection)
    audience.broadcast(encode_text(b"after"))
    peers[0].connection.close(1000)
    await ticks()
    assert peers[0].transport.frames == encode_text(b"before") + encode_close(1000)


async def test_frames_before_the_101_wait_for_it() -> None:
    gate = Gate(open_now=False)
    each = FakePeer(make_front({"/": gate}))
    audience = Audience()
    audience.add(each.connection)
    audience.broadcast(encode_text(b"1"))
    each.connection.send(encode_text(b"2"))
    await ticks()
    audience.broadcast(encode_text(b"3"))
    await ticks()
    assert each.transport.writes == []
    gate.open.set()
    await ticks()
    assert each.transport.frames == b"".join(encode_text(text) for text in (b"1", b"2", b"3"))


class Plain:
    """A connection of another make."""

    peer_ip = ""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)

    def close(self, code: int, reason: str = "") -> None:
        raise AssertionError


async def test_connections_of_another_make_may_be_members() -> None:
    audience, plain = Audience(), Plain()
    audience.add(plain)
    audience.broadcast(b"1")
    assert list(audience) == [plain]
    audience.discard(plain)
    audience.discard(plain)
    audience.broadcast(b"2")
    assert plain.sent == [b"1"]
    assert len(audience) == 0


async def test_one_failing_transport_costs_the_others_nothing(
    three: tuple[Audience, list[FakePeer]],
) -> None:
    audience, peers = three

    def fail(data: bytes) -> None:
        raise RuntimeError("meant to")

    audience._fast[peers[1].connection] = fail
    audience.broadcast(encode_text(b"x"))
    await ticks()
    assert peers[0].transport.frames == peers[2].transport.frames == encode_text(b"x")


async def test_a_lost_connection_is_no_member_any_more(
    three: tuple[Audience, list[FakePeer]],
) -> None:
    audience, peers = three
    peers[0].transport.abort()
    await ticks()
    assert set(audience) == {peers[1].connection, peers[2].connection}
