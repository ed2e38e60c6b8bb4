from __future__ import annotations

import pytest
from websockets.frames import Close, Frame, Opcode

from hubbub.sockets import encode_text
from hubbub.sockets.frames import encode_close


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_text_frames_are_what_the_websockets_library_makes(size: int) -> None:
    payload = b"x" * size
    assert encode_text(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)


def test_close_frames_are_what_the_websockets_library_makes() -> None:
    payload = Close(1012, "restart").serialize()
    assert encode_close(1012, "restart") == Frame(Opcode.CLOSE, payload).serialize(mask=False)


def test_a_long_reason_is_cut_between_code_points() -> None:
    data = encode_close(1000, "é" * 100)
    assert data[1] == 2 + 122
    assert data[4:].decode() == "é" * 61


def test_a_reason_with_a_surrogate_is_still_utf_8() -> None:
    assert encode_close(1000, "\ud83d")[4:] == b"?"
