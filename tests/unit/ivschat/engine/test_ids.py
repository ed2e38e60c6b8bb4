"""Identifiers: their form, and that none comes twice."""

from __future__ import annotations

import os
import re

from hubbub.ivschat.engine.ids import IdPool, new_id


def test_twelve_letters_and_digits_and_never_the_same_twice() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-zA-Z0-9]{12}", made) for made in ids)


def test_every_letter_is_as_likely_as_any_other() -> None:
    pool = IdPool(lambda count: bytes(range(256)) * (count // 256), block_bytes=256 * 3)
    letters = "".join(pool.take() for _ in range(62))
    assert {letters.count(letter) for letter in set(letters)} == {12}
    assert len(set(letters)) == 62


def test_blocks_are_used_once() -> None:
    drawn: list[bytes] = []

    def entropy(count: int) -> bytes:
        drawn.append(os.urandom(count))
        return drawn[-1]

    pool = IdPool(entropy, block_bytes=32)
    assert len({pool.take() for _ in range(50)}) == 50
    assert len(drawn) >= 25


def test_a_forked_child_starts_a_block_of_its_own() -> None:
    blocks = iter([b"\0" * 24, b"\1" * 24])
    pool = IdPool(lambda _: next(blocks), block_bytes=24)
    assert pool.take() == "a" * 12
    pool.forget()
    assert pool.take() == "b" * 12
