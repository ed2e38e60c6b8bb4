from __future__ import annotations

import contextlib
import zlib

import pytest
from hypothesis import given, strategies

from hubbub.meetings.sdp import AnswerCompressor, BadOffer, decompress_offer
from hubbub.meetings.sdp.compression import DICTIONARY_CHARACTERS


def expand(data: bytes, dictionary: str) -> str:
    """As the client does it."""
    return zlib.decompressobj(wbits=-15, zdict=dictionary.encode()).decompress(data).decode()


def squeeze(text: bytes, mode: int = zlib.Z_FINISH) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(text) + squeezer.flush(mode)


def test_each_answer_has_the_one_before_as_its_dictionary() -> None:
    answers = ["".join(f"a=line:{n} {n * n}\r\n" for n in range(most)) for most in (300, 5_000)]
    answers += [answers[1] + "a=more\r\n", answers[0]]
    compressor = AnswerCompressor()
    before = ""
    sizes = []
    for answer in answers:
        data = compressor.compress(answer)
        assert expand(data, before[:DICTIONARY_CHARACTERS]) == answer
        before = answer
        sizes.append(len(data))
    assert len(answers[1]) > DICTIONARY_CHARACTERS
    assert sizes[3] < sizes[0] / 4


def test_an_answer_sent_as_plain_text_is_the_next_dictionary() -> None:
    compressor = AnswerCompressor()
    compressor.remember("plain text of an answer")
    data = compressor.compress("plain text of an answer, and more")
    assert expand(data, "plain text of an answer") == "plain text of an answer, and more"


@pytest.mark.parametrize("mode", [zlib.Z_FINISH, zlib.Z_SYNC_FLUSH])
def test_offers_end_with_a_final_block_or_a_flush(mode: int) -> None:
    assert decompress_offer(squeeze("v=0 é".encode(), mode), 100) == "v=0 é"


@pytest.mark.parametrize(
    "data",
    [
        squeeze(b"x" * 101),
        squeeze(b"x" * 50_000_000),
        squeeze(b"some text")[:-3],
        squeeze(b"\xff\xfe"),
        b"\xff\xff\xff",
        b"",
    ],
    ids=["long", "bomb", "cut", "not UTF-8", "not DEFLATE", "empty"],
)
def test_what_is_no_compressed_offer_is_a_bad_one(data: bytes) -> None:
    with pytest.raises(BadOffer):
        decompress_offer(data, 100)


@given(strategies.binary(max_size=200))
def test_garbage_is_text_or_a_bad_offer(data: bytes) -> None:
    with contextlib.suppress(BadOffer):
        assert len(decompress_offer(data, 1_000)) <= 1_000
