"""One connection in virtual time: closing, failing, falling silent, reading too slowly."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.sockets import (
    Accept,
    Audience,
    CloseCodes,
    Connection,
    Handshake,
    Refuse,
    SocketFront,
    encode_text,
)
from hubbub.sockets.frames import PING, Opcode, encode, encode_close
from hubbub.sockets.protocol import BURST
from tests.unit.sockets.client_frames import (
    CLOSE,
    CONTINUATION,
    LIMIT,
    MALFORMED,
    TEXT,
    close,
    frame,
)
from tests.unit.sockets.fake_transport import UPGRADE, FakePeer, Gate, Recorder, make_front, ticks


async def opened(**bounds: float) -> tuple[FakePeer, Recorder]:
    gate = Gate()
    each = FakePeer(make_front({"/": gate}, **bounds))
    await ticks()
    return each, gate.receivers[0]


# --- messages ---------------------------------------------------------------------------------


async def test_text_and_binary_messages_reach_the_receiver_alike() -> None:
    each, receiver = await opened()
    each.connection.data_received(frame(TEXT, "é".encode()) + frame(2, b"\xff"))
    each.connection.data_received(frame(TEXT, b"a", last=False))
    each.connection.data_received(frame(CONTINUATION, b"b"))
    assert receiver.messages == ["é".encode(), b"\xff", b"ab"]


async def test_a_ping_is_answered_at_once_with_its_payload() -> None:
    each, _ = await opened()
    each.connection.data_received(frame(0x9, b"payload"))
    await ticks(1)
    assert each.transport.frames == encode(Opcode.PONG, b"payload")


async def test_a_flood_is_taken_in_bursts_with_others_in_between() -> None:
    each, receiver = await opened()
    each.connection.data_received(b"".join(frame(TEXT, b"%d" % number) for number in range(300)))
    assert len(receiver.messages) == BURST
    assert not each.transport.is_reading()
    async with asyncio.timeout(5):
        while len(receiver.messages) < 300:  # noqa: ASYNC110 - nobody else could tell
            await asyncio.sleep(0.005)
    assert receiver.messages == [b"%d" % number for number in range(300)]
    assert each.transport.is_reading()


async def test_a_flood_ends_with_the_connection() -> None:
    each, receiver = await opened()
    each.connection.data_received(frame(TEXT, b"x") * 300)
    each.transport.abort()
    await asyncio.sleep(0.05)
    assert len(receiver.messages) == BURST


async def test_a_failing_receiver_closes_with_1011(caplog: pytest.LogCaptureFixture) -> None:
    each, receiver = await opened()

    def fail(payload: bytes) -> None:
        raise RuntimeError("meant to")

    receiver.message = fail  # type: ignore[method-assign]
    each.connection.data_received(frame(TEXT, b"x") + frame(TEXT, b"y"))
    await ticks()
    assert each.transport.frames == encode_close(1011)
    assert len(caplog.records) == 1


async def test_a_receiver_that_fails_on_the_end_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    each, receiver = await opened()

    def fail(code: int) -> None:
        raise RuntimeError("meant to")

    receiver.closed = fail  # type: ignore[method-assign]
    each.transport.abort()
    await ticks()
    assert "meant to" in caplog.text


# --- closing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "answered", "told"),
    [
        (close(1000, b"bye"), encode_close(1000), 1000),
        (close(4001), encode_close(4001), 4001),
        (frame(CLOSE), encode_close(1000), 1005),
    ],
)
async def test_the_peer_closes_and_is_answered_in_kind(
    sent: bytes, answered: bytes, told: int
) -> None:
    each, receiver = await opened()
    each.connection.data_received(sent + frame(TEXT, b"too late"))
    await ticks()
    assert each.transport.frames == answered
    assert each.transport.closed and not each.transport.was_aborted()
    assert receiver.codes == [told]
    assert receiver.messages == []


async def test_we_close_and_the_peer_answers() -> None:
    each, receiver = await opened()
    each.connection.send(encode_text(b"last"))
    each.connection.close(1000, "bye")
    each.connection.close(1001)
    each.connection.send(encode_text(b"too late"))
    assert each.transport.frames == encode_text(b"last") + encode_close(1000, "bye")
    each.connection.data_received(frame(TEXT, b"too late") + frame(0x9, b"") + close(1000))
    await ticks()
    assert each.transport.closed
    assert receiver.messages == []
    assert receiver.codes == [1000]


async def test_a_peer_that_does_not_answer_our_close_is_cut_off() -> None:
    each, receiver = await opened(close_seconds=4)
    each.connection.close(1000)
    front = each.connection.front
    front.wheel.turn(front.wheel.now + 3)
    assert not each.transport.was_aborted()
    front.wheel.turn(front.wheel.now + 1)
    await ticks()
    assert each.transport.was_aborted()
    assert receiver.codes == [1006]


async def test_an_end_without_a_closing_handshake_is_1006() -> None:
    each, receiver = await opened()
    each.transport.close()
    await ticks()
    assert receiver.codes == [1006]
    each.connection.send(b"x")
    each.connection.close(1000)
    each.connection.data_received(frame(TEXT, b"x"))
    assert receiver.messages == []
    assert len(each.connection.front) == 0


async def test_both_close_at_the_same_time_with_frames_still_waiting() -> None:
    each, receiver = await opened()
    each.transport.clogged = True
    for _ in range(3):
        each.connection.send(encode_text(b"x" * 100))
        await ticks()
    each.connection.close(1000)
    each.connection.data_received(close(1001))
    await ticks()
    assert each.transport.frames.endswith(encode_close(1000))
    assert receiver.codes == [1000]


async def test_the_peer_closes_with_frames_still_waiting() -> None:
    each, receiver = await opened()
    each.transport.clogged = True
    for _ in range(3):
        each.connection.send(encode_text(b"x" * 100))
        await ticks()
    each.connection.data_received(close(1000))
    assert each.transport.frames.endswith(encode_close(1000))
    assert receiver.codes == [1000]


# --- violations -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_frame_closes_with_its_code(name: str) -> None:
    data, code = MALFORMED[name]
    each, receiver = await opened()
    each.connection.data_received(frame(TEXT, b"before") + data + frame(TEXT, b"after"))
    each.connection.data_received(frame(TEXT, b"after"))
    await ticks()
    sent = each.transport.frames
    assert sent[0] == 0x88
    assert int.from_bytes(sent[2:4], "big") == code
    assert len(sent) == 2 + sent[1]
    assert each.transport.eof
    assert not each.transport.closed  # it has to be able to read the reason first
    assert receiver.messages[0] == b"before"
    assert b"after" not in receiver.messages
    front = each.connection.front
    front.wheel.turn(front.wheel.now + front.linger_ticks)
    await ticks()
    assert each.transport.was_aborted()
    assert receiver.codes == [1006]


async def test_what_is_sent_before_a_violation_arrives_before_its_close() -> None:
    each, _ = await opened()
    each.connection.send(encode_text(b"pending"))
    each.connection.data_received(b"\x81\x01x")
    await ticks()
    assert each.transport.frames.startswith(encode_text(b"pending") + b"\x88")


async def test_a_violation_while_closing_only_shortens_the_wait() -> None:
    each, receiver = await opened()
    each.connection.close(1000)
    each.connection.data_received(b"\x81\x01x")
    await ticks()
    assert each.transport.frames == encode_close(1000)
    front = each.connection.front
    front.wheel.turn(front.wheel.now + front.linger_ticks)
    await ticks()
    assert receiver.codes == [1006]


async def test_the_message_limit_is_the_endpoints() -> None:
    each, receiver = await opened()
    each.connection.data_received(frame(TEXT, b"x" * LIMIT))
    assert len(receiver.messages) == 1
    each.connection.data_received(frame(TEXT, b"x" * (LIMIT + 1)))
    assert each.transport.frames[2:4] == (1009).to_bytes(2, "big")


# --- keeping alive ----------------------------------------------------------------------------


async def test_pings_every_thirty_seconds_and_silence_of_ninety_is_the_end() -> None:
    each, receiver = await opened()
    wheel = each.connection.front.wheel
    start = wheel.now
    pinged = []
    for second in range(1, 90):
        before = len(each.transport.frames)
        wheel.turn(start + second)
        await ticks(1)
        if len(each.transport.frames) > before:
            pinged.append(second)
    assert pinged == [30, 60]
    assert each.transport.frames == PING * 2
    assert not each.transport.closed
    wheel.turn(start + 90)
    await ticks()
    assert each.transport.was_aborted()
    assert receiver.codes == [1006]


async def test_anything_heard_puts_the_end_off() -> None:
    each, _ = await opened()
    wheel = each.connection.front.wheel
    start = wheel.now
    wheel.turn(start + 59)
    each.connection.data_received(frame(0xA))
    wheel.turn(start + 148)
    assert not each.transport.closed
    wheel.turn(start + 149)
    assert each.transport.was_aborted()


# --- reading too slowly -----------------------------------------------------------------------


async def test_a_slow_reader_loses_nothing_within_the_bound() -> None:
    each, _ = await opened()
    audience = Audience()
    audience.add(each.connection)
    each.transport.clogged = True
    expected = b""
    for number in range(2_000):
        data = encode_text(b"%d" % number)
        audience.broadcast(data)
        expected += data
        if number % 10 == 0:
            await ticks(1)
    await ticks()
    assert each.transport.paused
    assert len(each.transport.frames) < 400  # one write of the audience
    each.transport.unclog()
    await ticks()
    assert each.transport.frames == expected
    assert list(audience._fast) == [each.connection]


@pytest.mark.parametrize("bounds", [{"queue_bytes": 1_000}, {"queue_frames": 10}])
async def test_beyond_the_bound_it_is_closed_with_1013_and_others_are_unaffected(
    bounds: dict[str, float],
) -> None:
    gate = Gate()
    front = make_front({"/": gate}, **bounds)
    slow, quick = FakePeer(front), FakePeer(front)
    await ticks()
    audience = Audience()
    audience.add(slow.connection)
    audience.add(quick.connection)
    slow.transport.clogged = True
    expected = b""
    for number in range(100):
        data = encode_text(b"%070d" % number)
        audience.broadcast(data)
        expected += data
        await ticks(1)
    await ticks()
    assert quick.transport.frames == expected
    slow.transport.unclog()
    await ticks()
    got = slow.transport.frames
    close_frame = encode_close(1013, "Reading too slowly")
    assert got.endswith(close_frame)
    got = got[: -len(close_frame)]
    assert expected.startswith(got)  # without a gap, up to where it ends
    assert len(got) % len(data) == 0
    assert gate.receivers[0].codes == []
    front.wheel.turn(front.wheel.now + front.linger_ticks)
    await ticks()
    assert slow.transport.was_aborted()
    assert gate.receivers[0].codes == [1006]
    assert gate.receivers[1].codes == []


@pytest.mark.parametrize("last_words", ["send", "close"])
async def test_beyond_the_bound_in_the_tick_of_a_frame_of_its_own(last_words: str) -> None:
    each, receiver = await opened(queue_bytes=100)
    audience = Audience()
    audience.add(receiver.connection)
    each.transport.clogged = True
    for _ in range(20):
        audience.broadcast(encode_text(b"x" * 40))
    if last_words == "send":
        receiver.connection.send(encode_text(b"own"))
    else:
        receiver.connection.close(1000)
    each.transport.unclog()
    await ticks()
    too_slow = encode_close(1013, "Reading too slowly")
    assert each.transport.frames.endswith(too_slow)
    assert each.transport.frames.count(too_slow) == 1
    assert encode_close(1000) not in each.transport.frames


async def test_a_burst_of_one_tick_beyond_the_bound_does_not_hurt_a_reader_that_keeps_up() -> None:
    each, _ = await opened(queue_bytes=1_000)
    one, other = Audience(), Audience()
    one.add(each.connection)
    other.add(each.connection)  # two audiences: frames go through its own queue
    for _ in range(100):
        one.broadcast(encode_text(b"x" * 98))
    await ticks()
    assert each.transport.frames == encode_text(b"x" * 98) * 100


async def test_too_much_before_the_101_is_1013_after_it() -> None:
    gate = Gate(open_now=False)
    each = FakePeer(make_front({"/": gate}, queue_bytes=250))
    for _ in range(5):
        each.connection.send(encode_text(b"x" * 98))
    gate.open.set()
    await ticks()
    assert each.transport.frames == encode_text(b"x" * 98) * 2 + encode_close(
        1013, "Reading too slowly"
    )


# --- the opening handshake --------------------------------------------------------------------


class Answering:
    """Answers as it is told."""

    max_message_bytes = LIMIT
    codes = CloseCodes()

    def __init__(self, answer: Accept | Refuse | Exception, seconds: float = 0) -> None:
        self.answer = answer
        self.seconds = seconds
        self.asked: list[Handshake] = []
        self.connections: list[Connection] = []

    async def handshake(self, handshake: Handshake, connection: Connection) -> Accept | Refuse:
        self.asked.append(handshake)
        self.connections.append(connection)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_a_refusal_is_an_http_answer() -> None:
    endpoint = Answering(Refuse(403, b"no", {"X-Why": "token"}))
    each = FakePeer(make_front({"/": endpoint}))
    await ticks()
    [answer] = each.transport.writes
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\nX-Why: token\r\n")
    assert answer.endswith(b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
    assert each.transport.closed
    await ticks()
    assert len(each.connection.front) == 0
    assert len(each.connection.front.wheel) == 0


async def test_the_endpoint_is_told_what_was_asked() -> None:
    endpoint = Answering(Refuse(401))
    FakePeer(make_front({"/": endpoint}))
    await ticks()
    [asked] = endpoint.asked
    assert asked.path == "/"
    assert asked.peer_ip == "192.0.2.1"
    assert asked.headers["sec-websocket-version"] == "13"
    assert asked.subprotocols == ()
    assert not asked.secure


@pytest.mark.parametrize(
    ("told", "peer_ip"),
    [
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::1", "::1"),
        ("2001:db8::ffff:1", "2001:db8::ffff:1"),
    ],
)
async def test_an_ipv4_peer_has_its_own_address(told: str, peer_ip: str) -> None:
    endpoint = Answering(Refuse(401))
    FakePeer(make_front({"/": endpoint}), told)
    await ticks()
    assert endpoint.asked[0].peer_ip == endpoint.connections[0].peer_ip == peer_ip


async def test_an_unknown_path_is_404_and_a_bad_handshake_400() -> None:
    front = make_front({"/elsewhere": Gate()})
    each = FakePeer(front)
    assert each.transport.writes[0].startswith(b"HTTP/1.1 404 ")
    await ticks()
    assert len(front) == 0


async def test_a_failing_endpoint_is_500_and_a_slow_one_503(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing = FakePeer(make_front({"/": Answering(RuntimeError("meant to"))}))
    slow = FakePeer(make_front({"/": Answering(Refuse(200), 60)}, handshake_seconds=0.01))
    await asyncio.sleep(0.03)
    assert failing.transport.writes[0].startswith(b"HTTP/1.1 500 ")
    assert slow.transport.writes[0].startswith(b"HTTP/1.1 503 ")
    assert "meant to" in caplog.text


async def test_a_peer_gone_during_the_handshake_is_closed_all_the_same() -> None:
    gate = Gate(open_now=False)
    each = FakePeer(make_front({"/": gate}))
    audience = Audience()
    audience.add(each.connection)
    await ticks()
    each.transport.abort()
    await ticks()
    assert gate.receivers[0].codes == []
    gate.open.set()
    await ticks()
    assert gate.receivers[0].codes == [1006]
    assert len(audience) == 0
    assert each.transport.writes == []


async def test_closed_by_its_endpoint_before_the_101() -> None:
    gate = Gate(open_now=False)
    each = FakePeer(make_front({"/": gate}))
    await ticks()
    each.connection.send(encode_text(b"x"))
    each.connection.close(1000)
    gate.open.set()
    await ticks()
    assert each.transport.frames == encode_text(b"x") + encode_close(1000)


async def test_what_a_peer_sends_before_its_101_waits_within_a_bound() -> None:
    gate = Gate(open_now=False)
    each = FakePeer(make_front({"/": gate}))
    await ticks()
    each.connection.data_received(frame(TEXT, b"early"))
    assert each.transport.is_reading()
    each.connection.data_received(frame(TEXT, b"y" * 900) * 80)
    assert not each.transport.is_reading()
    gate.open.set()
    await ticks()
    assert len(gate.receivers[0].messages) == BURST
    await asyncio.sleep(0.05)
    assert each.transport.is_reading()
    assert len(gate.receivers[0].messages) == 81


async def test_draining_closes_all_with_1012_and_refuses_the_next() -> None:
    gate = Gate()
    front = make_front({"/": gate})
    polite, rude = FakePeer(front), FakePeer(front)
    await ticks()
    drain = asyncio.ensure_future(front.drain(0.1))
    await ticks()
    assert polite.transport.frames == rude.transport.frames == encode_close(1012)
    late = FakePeer(front)
    assert late.transport.writes[0].startswith(b"HTTP/1.1 503 ")
    polite.connection.data_received(close(1012))
    await drain
    assert rude.transport.was_aborted()
    assert [receiver.codes for receiver in gate.receivers] == [[1012], [1006]]
    assert len(front) == 0


async def test_draining_nothing_is_done_at_once() -> None:
    await make_front({}).drain(60)


async def test_nothing_is_read_before_a_request() -> None:
    front = make_front({"/": Gate()})
    each = front.protocol_class()
    assert UPGRADE.startswith(b"GET / ")
    each.eof_received()
    assert len(front) == 0


class Stage(Gate):
    """An endpoint whose clients come back by codes of its own."""

    codes = CloseCodes(restart=4500, overflow=4501, failure=4502)


async def test_an_endpoint_below_a_path_has_its_own_codes() -> None:
    stage = Stage()
    front = SocketFront({"/": Gate()}, {"/control/": stage}, queue_frames=1)
    upgrade = UPGRADE.replace(b"GET / ", b"GET /control/abc?x=/y/ ")
    assert front.endpoint("/control") is None
    assert front.endpoint("/control/a/b") is None
    peers = [FakePeer(front, upgrade=upgrade) for _ in range(3)]
    await ticks()
    slow, failing, waiting = peers
    slow.connection.pause_writing()
    for _ in range(3):
        slow.connection.send(encode_text(b"x"))
    slow.connection.resume_writing()

    def fail(payload: bytes) -> None:
        raise ValueError

    stage.receivers[1].message = fail  # type: ignore[method-assign]
    failing.connection.data_received(frame(TEXT, b"x"))
    drain = asyncio.ensure_future(front.drain(0.01))
    await ticks()
    assert slow.transport.frames.endswith(encode_close(4501, "Reading too slowly"))
    assert failing.transport.frames == encode_close(4502)
    assert waiting.transport.frames == encode_close(4500)
    await drain
