"""Boxes open with their own key and associated data only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.access.sealing import SealBroken, Sealer, subkey

KEY = bytes(range(32))


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_a_box_gives_back_its_content(content: bytes, associated: bytes) -> None:
    box = Sealer(KEY).seal(content, associated)
    assert len(box) == len(content) + 32
    assert Sealer(KEY).open(box, associated) == content


@given(st.binary(max_size=50), st.integers(0, 1 << 16), st.integers(1, 255))
def test_an_altered_box_does_not_open(content: bytes, place: int, change: int) -> None:
    box = bytearray(Sealer(KEY).seal(content))
    box[place % len(box)] ^= change
    with pytest.raises(SealBroken):
        Sealer(KEY).open(bytes(box))


@given(st.binary(max_size=100))
def test_other_bytes_do_not_open(box: bytes) -> None:
    with pytest.raises(SealBroken):
        Sealer(KEY).open(box)


def test_another_key_or_associated_data_does_not_open() -> None:
    box = Sealer(KEY).seal(b"x", b"a")
    for sealer, associated in ((Sealer(bytes(32)), b"a"), (Sealer(KEY), b"b")):
        with pytest.raises(SealBroken):
            sealer.open(box, associated)


def test_equal_contents_make_different_boxes() -> None:
    assert Sealer(KEY).seal(b"x") != Sealer(KEY).seal(b"x")


def test_keys_have_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        Sealer(b"short")


def test_subkeys_do_not_change_with_versions() -> None:
    """Everything sealed so far depends on it."""
    assert subkey(KEY, "sessions").hex() == (
        "a7e2837251c4f373d5d2fbd10bb1499443049fa3d2c9bc872953f37329dc6bf2"
    )
