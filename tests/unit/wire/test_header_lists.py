import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.wire import SerializationFailure
from hubbub.wire.headerlists import join_header_list, split_header_dates, split_header_list


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("", []),
        ("a", ["a"]),
        ("a, b,c ,\td", ["a", "b", "c", "d"]),
        ('"b,c", "\\"def\\"", a', ["b,c", '"def"', "a"]),
        ('"a\\\\", ""', ["a\\", ""]),
        ("a,,b", ["a", "", "b"]),
    ],
)
def test_split(value: str, items: list[str]) -> None:
    assert split_header_list(value) == items


@pytest.mark.parametrize("value", ['"a', '"a"b', 'a"b"', '"a" "b"', '"', '"\\"'])
def test_stray_quotes(value: str) -> None:
    with pytest.raises(SerializationFailure):
        split_header_list(value)


@given(st.lists(st.text('ab,"\\ ', min_size=1), min_size=1))
def test_what_is_joined_can_be_split(items: list[str]) -> None:
    assert split_header_list(join_header_list(items)) == items


def test_dates_have_commas_of_their_own() -> None:
    date = "Mon, 16 Dec 2019 23:48:18 GMT"
    assert split_header_dates(f"{date}, {date}") == [date, date]
    assert split_header_dates(f'"{date}", "{date}"') == [date, date]
