"""The JSON text of answers, where parsers differ."""

from __future__ import annotations

import pytest

from hubbub.functions.contract import FunctionAnswerInvalid
from hubbub.functions.event import decode_answer

LIMIT = 262_144


@pytest.mark.parametrize(
    ("answer", "decoded"),
    [
        (rb'{"Content":"cut \ud83d"}', {"Content": "cut \ufffd"}),
        (rb'{"Content":"\ude00 cut"}', {"Content": "\ufffd cut"}),
        (rb'{"Content":"\ud83d\ud83d\ude00"}', {"Content": "\ufffd\N{GRINNING FACE}"}),
        (rb'{"\ud83d":["\\ud83d"]}', {"\ufffd": [r"\ud83d"]}),
    ],
)
def test_halves_of_surrogate_pairs_are_replaced(answer: bytes, decoded: object) -> None:
    assert decode_answer(answer, LIMIT) == decoded


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"Content":"\xed\xa0\xbd"}',
        rb'{"Content":"\ud83d","rest":NaN}',
        rb'{"Content":"\ud83d","rest":-Infinity}',
        rb'{"Content":"\ud83d"',
        rb'["\ud83d",' + b"1" * 5_000 + b"]",
        b"[" * 100_000,
        rb'"\ud83d"' + b"]" * 10,
    ],
    ids=range(11),
)
def test_what_is_no_json_stays_invalid(answer: bytes) -> None:
    with pytest.raises(FunctionAnswerInvalid, match="no JSON"):
        decode_answer(answer, LIMIT)
