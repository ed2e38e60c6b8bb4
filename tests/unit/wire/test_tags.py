"""Tags in the forms that services have them."""

from __future__ import annotations

from hubbub.wire.errors import Failure
from hubbub.wire.tags import is_reserved, tag_conditions, tag_list_failures, tag_map


def _tag(key: str, value: str = "") -> dict[str, str]:
    return {"Key": key, "Value": value}


def test_a_list_as_a_map() -> None:
    assert tag_map([_tag("team", "chat"), _tag("stage")]) == {"team": "chat", "stage": ""}
    assert tag_map([]) == tag_map(None) == {}


def test_what_is_aws_own_is_reserved_in_any_case() -> None:
    assert is_reserved("aws:team")
    assert is_reserved("AwS:")
    assert not is_reserved("aws")
    assert not is_reserved("my-aws:")


def test_all_broken_rules_are_told() -> None:
    assert tag_list_failures([_tag("team"), _tag("Team")]) == []
    assert tag_list_failures([_tag("aws:a"), _tag("aws:a")]) == [
        Failure("Tags", "must not have the same key twice"),
        Failure("Tags.Key", "must not start with aws:"),
    ]


def test_conditions_of_what_is_given_or_taken_away() -> None:
    assert tag_conditions({"team": "chat", "stage": ""}) == {
        "aws:RequestTag/team": "chat",
        "aws:RequestTag/stage": "",
        "aws:TagKeys": ("team", "stage"),
    }
    assert tag_conditions({}, ["team"]) == {"aws:TagKeys": ("team",)}
    assert tag_conditions({}) == tag_conditions({}, []) == {}
