"""Tags with boto3: ARNs in the path, on both kinds of resources (spec section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.test_rooms import UNKNOWN, failure
from tests.clients.world import World

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient


@pytest.fixture(params=["room", "logging-configuration"])
def arn(request: pytest.FixtureRequest, ivschat: IvschatClient) -> str:
    if request.param == "room":
        return ivschat.create_room(tags={"first": "1"})["arn"]
    return ivschat.create_logging_configuration(
        destinationConfiguration={"s3": {"bucketName": "bucket"}}, tags={"first": "1"}
    )["arn"]


def tags_of(ivschat: IvschatClient, arn: str) -> dict[str, str]:
    return ivschat.list_tags_for_resource(resourceArn=arn)["tags"]


def test_tagging_adds_and_overwrites(ivschat: IvschatClient, arn: str) -> None:
    assert tags_of(ivschat, arn) == {"first": "1"}
    response: Any = ivschat.tag_resource(resourceArn=arn, tags={"second": "2", "First": "3"})
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert tags_of(ivschat, arn) == {"first": "1", "second": "2", "First": "3"}
    ivschat.tag_resource(resourceArn=arn, tags={"second": ""})
    assert tags_of(ivschat, arn) == {"first": "1", "second": "", "First": "3"}


def test_untagging(ivschat: IvschatClient, arn: str) -> None:
    odd = {"a b": "1", "c/d": "2", "e+f=g": "3", "ключ": "4", "mail@host:1": "5"}
    ivschat.tag_resource(resourceArn=arn, tags=odd)
    response: Any = ivschat.untag_resource(resourceArn=arn, tagKeys=[*odd, "never-there"])
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert tags_of(ivschat, arn) == {"first": "1"}
    ivschat.untag_resource(resourceArn=arn, tagKeys=["first"])
    ivschat.untag_resource(resourceArn=arn, tagKeys=["first"])
    assert tags_of(ivschat, arn) == {}


def test_update_time_stays(ivschat: IvschatClient) -> None:
    room = ivschat.create_room()
    ivschat.tag_resource(resourceArn=room["arn"], tags={"a": "b"})
    after = ivschat.get_room(identifier=room["arn"])
    assert after["updateTime"] == room["updateTime"]
    assert after["tags"] == {"a": "b"}
    assert ivschat.list_rooms()["rooms"][0]["tags"] == {"a": "b"}


@pytest.mark.parametrize(
    "tags",
    [
        {f"k{n}": "v" for n in range(51)},
        {"k" * 129: "v"},
        {"k": "v" * 257},
        {"aws:x": "v"},
        {"AwS:x": "v"},
        {"bad;character": "v"},
        {"k": "bad*character"},
    ],
    ids=["51", "long key", "long value", "aws:", "AwS:", "key characters", "value characters"],
)
def test_bad_tags_change_nothing(unchecked: IvschatClient, arn: str, tags: dict[str, str]) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.tag_resource(resourceArn=arn, tags={"fine": "yes"} | tags)
    assert failure(error.value) == ("ValidationException", 400)
    assert tags_of(unchecked, arn) == {"first": "1"}


def test_fifty_in_all(ivschat: IvschatClient, arn: str) -> None:
    ivschat.tag_resource(resourceArn=arn, tags={f"k{n}": "v" for n in range(49)})
    with pytest.raises(ClientError) as error:
        ivschat.tag_resource(resourceArn=arn, tags={"one": "too many"})
    assert failure(error.value) == ("ValidationException", 400)
    ivschat.tag_resource(resourceArn=arn, tags={"first": "over", "k0": "written"})
    assert len(tags_of(ivschat, arn)) == 50


@pytest.mark.parametrize("kind", ["room", "logging-configuration"])
def test_unknown_resources(ivschat: IvschatClient, world: World, kind: str) -> None:
    arn = world.arn(kind, UNKNOWN)
    for call in (
        lambda: ivschat.list_tags_for_resource(resourceArn=arn),
        lambda: ivschat.tag_resource(resourceArn=arn, tags={"a": "b"}),
        lambda: ivschat.untag_resource(resourceArn=arn, tagKeys=["a"]),
    ):
        with pytest.raises(ivschat.exceptions.ResourceNotFoundException) as error:
            call()
        response: Any = error.value.response
        assert response["resourceId"] == UNKNOWN


@pytest.mark.parametrize(
    "arn", ["nonsense", "arn:aws:ivschat:us-east-1:000000000000:stage/abcdefghijkl", "x" * 129]
)
def test_what_is_no_such_arn(unchecked: IvschatClient, arn: str) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.list_tags_for_resource(resourceArn=arn)
    assert failure(error.value) == ("ValidationException", 400)


def test_tag_keys_are_needed(unchecked: IvschatClient, arn: str) -> None:
    with pytest.raises(ClientError) as error:
        unchecked.untag_resource(resourceArn=arn, tagKeys=[])
    assert failure(error.value) == ("ValidationException", 400)
