"""Chat tokens: opaque, unalterable, short enough for a header (spec 5)."""

from __future__ import annotations

import re

import pytest

from hubbub.access.sealing import Sealer
from hubbub.ivschat.tokens import ChatTokens, Claims

KEY = b"k" * 32
ARN = "arn:aws:ivschat:us-west-2:123456789012:room/abC123dEf456"
TOKENS = ChatTokens(Sealer(KEY))


def seal(user_id: str = "u-17", attributes: dict[str, str] | None = None) -> str:
    return TOKENS.seal(
        room_arn=ARN,
        user_id=user_id,
        attributes=attributes or {},
        capabilities=frozenset({"SEND_MESSAGE", "DISCONNECT_USER"}),
        token_ends=1_777_883_060.5,
        session_ends=1_777_886_600.25,
    )


def test_a_token_says_what_it_was_made_with() -> None:
    token = seal(attributes={"displayName": "Kim"})
    claims = TOKENS.open(token)
    assert isinstance(claims, Claims)
    assert claims == Claims(
        token_id=token.partition(".")[0],
        room_arn=ARN,
        user_id="u-17",
        attributes={"displayName": "Kim"},
        capabilities=frozenset({"SEND_MESSAGE", "DISCONNECT_USER"}),
        token_ends=1_777_883_060.5,
        session_ends=1_777_886_600.25,
    )


def test_no_two_tokens_are_alike() -> None:
    tokens = {seal() for _ in range(1000)}
    assert len(tokens) == 1000
    ids = [claims.token_id for token in tokens if (claims := TOKENS.open(token))]
    assert len(set(ids)) == 1000


@pytest.mark.parametrize(
    "attributes",
    [
        {"k": "\N{GRINNING FACE}" * 255},
        {f"{n:03d}": "x" for n in range(256)},
        {chr(n): "" for n in range(0x100, 0x300)},
    ],
)
def test_the_largest_token_fits_a_subprotocol_header(attributes: dict[str, str]) -> None:
    token = seal("\N{GRINNING FACE}" * 128, attributes)
    assert re.fullmatch("[A-Za-z0-9._-]+", token)
    assert len(token) < 6 * 1024
    assert TOKENS.open(token) is not None


def test_every_letter_counts() -> None:
    token = seal()
    for at, letter in enumerate(token):
        for other in ("A" if letter != "A" else "B", "-", "=", "é"):
            assert TOKENS.open(token[:at] + other + token[at + 1 :]) is None or other == letter
        assert TOKENS.open(token[:at]) is None
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        assert (TOKENS.open(token[:-1] + letter) is None) == (letter != token[-1])


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b", "chat", "x" * 10_000, "AAAAAAAAAAAAAAAAAAAAAA.", ".AAAA", "é.ü"]
)
def test_other_texts_are_no_tokens(text: str) -> None:
    assert TOKENS.open(text) is None


def test_nothing_may_be_added() -> None:
    token = seal()
    for text in (token + ".", token + "=", token + "A", "A" + token, f" {token}", token + "\n"):
        assert TOKENS.open(text) is None


def test_another_key_opens_nothing() -> None:
    assert ChatTokens(Sealer(b"j" * 32)).open(seal()) is None
