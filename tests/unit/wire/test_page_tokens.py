import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.wire import PageTokens, UnusablePageToken

KEY = b"0123456789abcdef"
QUERY = {"operation": "ListRooms", "account": "1", "filters": {"name": None, "uri": "é"}}
POSITION = [1_777_889_472_345_678, "arn:aws:ivschat:us-west-2:123456789012:room/abC123dEf456"]


def test_a_token_opens_to_its_position_on_any_node_with_the_key() -> None:
    token = PageTokens(KEY).seal(QUERY, POSITION)

    assert PageTokens(KEY).open(dict(reversed(QUERY.items())), token) == POSITION
    assert len(token) < 1024
    assert "room" not in token


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_the_first_page(token: str | None) -> None:
    assert PageTokens(KEY).open(QUERY, token) is None


def test_a_token_is_good_for_its_query_only() -> None:
    token = PageTokens(KEY).seal(QUERY, POSITION)

    for query in ({**QUERY, "account": "2"}, {**QUERY, "filters": {}}, {}):
        with pytest.raises(UnusablePageToken):
            PageTokens(KEY).open(query, token)
    with pytest.raises(UnusablePageToken):
        PageTokens(KEY + b"x").open(QUERY, token)


@given(at=st.integers(0, 200), character=st.characters())
def test_an_altered_token_is_refused(at: int, character: str) -> None:
    token = PageTokens(KEY).seal(QUERY, POSITION)
    at %= len(token)
    if token[at] != character:
        with pytest.raises(UnusablePageToken):
            PageTokens(KEY).open(QUERY, token[:at] + character + token[at + 1 :])


@given(st.text(min_size=1))
def test_any_text_is_refused(token: str) -> None:
    with pytest.raises(UnusablePageToken):
        PageTokens(KEY).open(QUERY, token)


def test_short_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        PageTokens(b"short")
