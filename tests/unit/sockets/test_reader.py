from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.sockets.frames import Opcode, Violation, close_code
from hubbub.sockets.reader import Event, MessageReader
from tests.unit.sockets.client_frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    LIMIT,
    MALFORMED,
    PING,
    PONG,
    TEXT,
    close,
    frame,
)


def read(pieces: Iterable[bytes], limit: int = LIMIT) -> tuple[list[Event], int]:
    """All events, and the code of the violation that ended them (0: none)."""
    reader = MessageReader(limit)
    events: list[Event] = []
    try:
        for piece in pieces:
            reader.feed(piece, events)
        for opcode, payload in events:
            if opcode is Opcode.CLOSE:
                close_code(payload)
    except Violation as violation:
        return events, violation.code
    return events, 0


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("split", [False, True], ids=["whole", "bytewise"])
def test_a_malformed_frame_is_a_violation_and_what_came_before_counts(
    name: str, split: bool
) -> None:
    data, code = MALFORMED[name]
    stream = frame(TEXT, b"before") + data
    pieces = [stream[at : at + 1] for at in range(len(stream))] if split else [stream]
    events, found = read(pieces)
    assert found == code
    assert events[0] == (Opcode.TEXT, b"before")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 65_535, 65_536, 70_000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_messages_of_every_length_form(size: int, opcode: int) -> None:
    assert read([frame(opcode, b"x" * size)], 70_000) == ([(Opcode(opcode), b"x" * size)], 0)


def test_a_message_may_be_exactly_as_long_as_the_limit() -> None:
    parts = [frame(TEXT, b"x" * 600, last=False), frame(CONTINUATION, b"x" * 400)]
    assert read(parts) == ([(Opcode.TEXT, b"x" * 1000)], 0)


def test_a_code_point_may_be_spread_over_fragments() -> None:
    text = "κόσμε😀".encode()
    parts = [frame(TEXT, text[:1], last=False)]
    parts += [frame(CONTINUATION, text[at : at + 1], last=False) for at in range(1, len(text))]
    assert read([b"".join([*parts, frame(CONTINUATION)])]) == ([(Opcode.TEXT, text)], 0)


def test_control_frames_between_fragments_come_at_once() -> None:
    stream = [
        frame(TEXT, b"a", last=False),
        frame(PING, b"p"),
        frame(CONTINUATION, b"b", last=False),
        frame(PONG, b"q"),
        frame(CONTINUATION, b"c"),
    ]
    expected = [(Opcode.PING, b"p"), (Opcode.PONG, b"q"), (Opcode.TEXT, b"abc")]
    assert read(stream) == (expected, 0)
    assert read([b"".join(stream)]) == (expected, 0)


def test_a_control_frame_may_hold_125_bytes() -> None:
    assert read([frame(PING, b"x" * 125)]) == ([(Opcode.PING, b"x" * 125)], 0)


def test_empty_fragments_without_end_cost_nothing() -> None:
    reader = MessageReader(LIMIT)
    events: list[Event] = []
    reader.feed(frame(TEXT, last=False), events)
    for _ in range(1_000):
        reader.feed(frame(CONTINUATION, last=False), events)
    assert len(reader._fragments) == 0
    reader.feed(frame(CONTINUATION, b"end"), events)
    assert events == [(Opcode.TEXT, b"end")]
    assert reader.idle


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 1013, 3000, 3999, 4000, 4999])
def test_valid_close_codes(code: int) -> None:
    [event], found = read([close(code, b"bye")])
    assert found == 0
    assert close_code(event[1]) == code


def test_a_close_may_be_empty() -> None:
    assert read([frame(CLOSE)]) == ([(Opcode.CLOSE, b"")], 0)
    assert close_code(b"") == 1005


def test_a_reader_can_be_told_to_take_no_more_than_so_many_at_once() -> None:
    reader = MessageReader(LIMIT)
    events: list[Event] = []
    reader.feed(frame(TEXT, b"x") * 5 + frame(TEXT, b"last")[:-1], events, 2)
    taken = [len(events)]
    while reader.more:
        events.clear()
        reader.feed(b"", events, 2)
        taken.append(len(events))
    assert taken == [2, 2, 1]
    assert not reader.idle
    events.clear()
    reader.feed(frame(TEXT, b"last")[-1:], events, 2)
    assert events == [(Opcode.TEXT, b"last")]
    assert reader.idle


texts = st.text(max_size=200).map(str.encode)
control = st.tuples(st.sampled_from([Opcode.PING, Opcode.PONG]), st.binary(max_size=125))
messages = st.tuples(st.just(Opcode.TEXT), texts) | st.tuples(
    st.just(Opcode.BINARY), st.binary(max_size=400)
)


@settings(deadline=None)
@given(data=st.data(), whole=st.lists(messages, max_size=5))
def test_messages_survive_any_fragmenting_and_any_cutting(
    data: st.DataObject, whole: list[Event]
) -> None:
    stream = b""
    expected: list[Event] = []
    for opcode, payload in whole:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(payload)), max_size=4)))
        edges = [0, *cuts, len(payload)]
        for index in range(len(edges) - 1):
            part = payload[edges[index] : edges[index + 1]]
            last = index == len(edges) - 2
            stream += frame(opcode if index == 0 else CONTINUATION, part, last=last)
            if last:
                expected.append((opcode, payload))
            if data.draw(st.booleans()):
                event = data.draw(control)
                stream += frame(event[0], event[1])
                expected.append(event)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    edges = [0, *cuts, len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    assert read(pieces, 1_000) == (expected, 0)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_bytes_break_the_reader(pieces: list[bytes]) -> None:
    _, code = read(pieces)
    assert code in {0, 1002, 1007, 1009}
