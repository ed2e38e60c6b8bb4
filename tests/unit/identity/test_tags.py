"""Tags (spec 4.8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.identity.desk import ABSENT, Desk


def tag_list(**tags: str) -> Any:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_of(desk: Desk, arn: str) -> dict[str, str]:
    listed = desk.client.list_tags_for_resource(ResourceARN=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in listed}


@pytest.fixture(params=["app-instance", "user", "bot"])
def arn(request: pytest.FixtureRequest, desk: Desk) -> str:
    """Something with a tag."""
    tags = {"Tags": tag_list(team="blue")}
    if request.param == "app-instance":
        return desk.make_app_instance(**tags)
    make = {"user": desk.make_user, "bot": desk.make_bot}[request.param]
    return make(desk.make_app_instance(), **tags)


def test_tags_are_added_overwritten_and_removed(desk: Desk, arn: str) -> None:
    assert tags_of(desk, arn) == {"team": "blue"}
    desk.client.tag_resource(ResourceARN=arn, Tags=tag_list(team="red", Team="é", x="1"))
    assert desk.last and (desk.last.status, desk.last.body) == (204, b"")
    assert tags_of(desk, arn) == {"team": "red", "Team": "é", "x": "1"}
    desk.client.untag_resource(ResourceARN=arn, TagKeys=["team", "absent"])
    assert (desk.last.status, desk.last.body) == (204, b"")
    assert tags_of(desk, arn) == {"Team": "é", "x": "1"}
    desk.client.untag_resource(ResourceARN=arn, TagKeys=["Team", "x"])
    desk.client.list_tags_for_resource(ResourceARN=arn)
    assert desk.last.json == {"Tags": []}


def test_there_are_at_most_fifty(desk: Desk, arn: str) -> None:
    desk.client.tag_resource(ResourceARN=arn, Tags=tag_list(**{f"k{n}": "v" for n in range(49)}))
    with desk.refused("ResourceLimitExceededException"):
        desk.client.tag_resource(ResourceARN=arn, Tags=tag_list(more="v"))
    desk.client.tag_resource(ResourceARN=arn, Tags=tag_list(k1="new"))
    assert len(tags_of(desk, arn)) == 50
    with desk.refused("BadRequestException"):
        desk.client.tag_resource(
            ResourceARN=arn, Tags=tag_list(**{f"k{n}": "v" for n in range(51)})
        )


def test_other_tags_are_refused(desk: Desk, arn: str) -> None:
    for key, value in [
        ("aws:x", "v"),
        ("AWS:x", "v"),
        ("Aws:", "v"),
        ("x" * 129, "v"),
        ("k", "v" * 257),
        ("k\0", "v"),
        ("k", "\0"),
    ]:
        tags: Any = [{"Key": key, "Value": value}]
        with desk.refused("BadRequestException"):
            desk.client.tag_resource(ResourceARN=arn, Tags=tags)
        with desk.refused("BadRequestException"):
            desk.make_app_instance(Tags=tags)
        assert tags_of(desk, arn) == {"team": "blue"}


def test_empty_keys_and_values_are_refused(desk: Desk, arn: str) -> None:
    for tag in (b'{"Key": "k", "Value": ""}', b'{"Key": "", "Value": "v"}', b'{"Key": "k"}'):
        body = b'{"ResourceARN": "%b", "Tags": [%b]}' % (arn.encode(), tag)
        answer = desk.ask_raw("POST", "/tags?operation=tag-resource", body)
        assert (answer.status, answer.error_type) == (400, "BadRequestException")


def test_the_same_key_twice_is_refused(desk: Desk, arn: str) -> None:
    with desk.refused("BadRequestException"):
        desk.client.tag_resource(ResourceARN=arn, Tags=tag_list(k="1") + tag_list(k="2"))


def test_numbers_of_keys(desk: Desk, arn: str) -> None:
    for tags in [b"[]", b"[" + b",".join([b'"k"'] * 51) + b"]"]:
        body = b'{"ResourceARN": "%b", "TagKeys": %b}' % (arn.encode(), tags)
        answer = desk.ask_raw("POST", "/tags?operation=untag-resource", body)
        assert (answer.status, answer.error_type) == (400, "BadRequestException")


def test_tags_do_not_move_the_update_time_and_updates_keep_them(desk: Desk) -> None:
    arn = desk.make_app_instance()
    desk.clock.advance(1)
    desk.client.tag_resource(ResourceARN=arn, Tags=tag_list(team="blue"))
    found = desk.client.describe_app_instance(AppInstanceArn=arn)["AppInstance"]
    assert found["LastUpdatedTimestamp"] == found["CreatedTimestamp"]
    assert "Tags" not in found
    desk.client.update_app_instance(AppInstanceArn=arn, Name="n", Metadata="")
    assert tags_of(desk, arn) == {"team": "blue"}


def test_absent_resources_are_forbidden(desk: Desk) -> None:
    there = desk.make_app_instance()
    for arn in (ABSENT, f"{there}/user/no", f"{there}/bot/no"):
        with desk.refused("ForbiddenException"):
            desk.client.list_tags_for_resource(ResourceARN=arn)
        with desk.refused("ForbiddenException"):
            desk.client.tag_resource(ResourceARN=arn, Tags=tag_list(k="v"))
        with desk.refused("ForbiddenException"):
            desk.client.untag_resource(ResourceARN=arn, TagKeys=["k"])
