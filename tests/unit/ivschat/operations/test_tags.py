"""Tags of both kinds of resource (spec 4), on both databases."""

from __future__ import annotations

import pytest

from hubbub.wire.errors import ValidationFailure
from tests.unit.ivschat.operations.desk import Desk
from tests.unit.ivschat.operations.test_rooms import code_of, logging


async def resource(desk: Desk, kind: str) -> str:
    if kind == "room":
        arn: str = (await desk("CreateRoom"))["arn"]
        return arn
    return await logging(desk)


async def tags_of(desk: Desk, arn: str) -> dict[str, str]:
    answer = await desk("ListTagsForResource", resourceArn=arn)
    assert list(answer) == ["tags"]
    tags: dict[str, str] = answer["tags"]
    return tags


@pytest.fixture(params=["room", "logging-configuration"])
async def arn(desk: Desk, request: pytest.FixtureRequest) -> str:
    return await resource(desk, request.param)


async def test_tags_are_added_overwritten_and_removed(desk: Desk, arn: str) -> None:
    assert await tags_of(desk, arn) == {}
    assert await desk("TagResource", resourceArn=arn, tags={"a": "1", "b": "2"}) == {}
    await desk("TagResource", resourceArn=arn, tags={"b": "3", "B": ""})
    assert await tags_of(desk, arn) == {"a": "1", "b": "3", "B": ""}
    assert await desk("UntagResource", resourceArn=arn, tagKeys=["a", "not there"]) == {}
    assert await desk("UntagResource", resourceArn=arn, tagKeys=["a"]) == {}
    assert await tags_of(desk, arn) == {"b": "3", "B": ""}


async def test_tags_show_in_the_resource_and_leave_its_time_alone(desk: Desk) -> None:
    room = await desk("CreateRoom", tags={"a": "1"})
    await desk("TagResource", resourceArn=room["arn"], tags={"b": "2"})
    tags = {"a": "1", "b": "2"}
    assert await desk("GetRoom", identifier=room["arn"]) == {**room, "tags": tags}
    assert (await desk("ListRooms"))["rooms"][0]["tags"] == tags
    await desk("UpdateRoom", identifier=room["arn"], name="x")
    assert await tags_of(desk, room["arn"]) == tags


async def test_fifty_tags_in_all(desk: Desk, arn: str) -> None:
    await desk("TagResource", resourceArn=arn, tags={f"k{n}": "v" for n in range(49)})
    await desk("TagResource", resourceArn=arn, tags={"k0": "w", "k49": "v"})
    with pytest.raises(ValidationFailure) as caught:
        await desk("TagResource", resourceArn=arn, tags={"k0": "z", "k50": "v"})
    assert caught.value.failures[0].member == "tags"
    tags = await tags_of(desk, arn)
    assert len(tags) == 50
    assert tags["k0"] == "w"


@pytest.mark.parametrize("tags", [{"aws:x": "y"}, {"Aws:x": "y"}, {"a": "#"}, {"\t": "y"}])
async def test_tags_that_aws_refuses(desk: Desk, tags: dict[str, str]) -> None:
    arn = await resource(desk, "room")
    assert await code_of(desk, "TagResource", resourceArn=arn, tags=tags) == "ValidationException"


async def test_letters_of_any_script(desk: Desk) -> None:
    arn = await resource(desk, "room")
    tags = {"größe 年 اسم": "+ - = . _ : / @ ٣\u00a0"}
    await desk("TagResource", resourceArn=arn, tags=tags)
    assert await tags_of(desk, arn) == tags


@pytest.mark.parametrize("kind", ["room", "logging-configuration"])
async def test_unknown_resources(desk: Desk, kind: str) -> None:
    unknown = f"arn:aws:ivschat:us-west-2:123456789012:{kind}/aaaaaaaaaaaa"
    for operation, more in (
        ("ListTagsForResource", {}),
        ("TagResource", {"tags": {"a": "b"}}),
        ("UntagResource", {"tagKeys": ["a"]}),
    ):
        code = await code_of(desk, operation, resourceArn=unknown, **more)
        assert code == "ResourceNotFoundException"


async def test_whose_tags(desk: Desk, arn: str) -> None:
    desk.caller.account = "999999999999"
    for operation, more in (
        ("ListTagsForResource", {}),
        ("TagResource", {"tags": {"a": "b"}}),
        ("UntagResource", {"tagKeys": ["a"]}),
    ):
        assert await code_of(desk, operation, resourceArn=arn, **more) == "AccessDeniedException"
