"""A review function over HTTP, as its users see it (spec section 7)."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.clients.observed import tracebacks
from tests.clients.reviewer import FAILING, Reviewer
from tests.clients.test_rooms import failure
from tests.clients.world import DISCONNECT, SEND, World
from tests.server import Server, running_server

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:review"
DEAD = "arn:aws:lambda:us-east-1:000000000000:function:dead"


@pytest.fixture(scope="module")
def reviewer() -> Iterator[Reviewer]:
    with Reviewer() as reviewer:
        yield reviewer


@pytest.fixture(scope="module")
def reviewed(reviewer: Reviewer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    functions = {FUNCTION: reviewer.url, DEAD: "http://127.0.0.1:9/nobody"}
    environment = {"HUBBUB_FUNCTIONS": json.dumps(functions)}
    with running_server(tmp_path_factory.mktemp("reviewed"), environment=environment) as server:
        yield server
        assert tracebacks(server) == []


@pytest.fixture
def world(reviewed: Server) -> Iterator[World]:
    with World(reviewed) as world:
        yield world


@pytest.fixture
def ivschat(world: World) -> IvschatClient:
    return world.ivschat


def room_with(world: World, fallback: str = "ALLOW", uri: str = FUNCTION, **members: Any) -> str:
    handler = {"uri": uri, "fallbackResult": fallback}
    return world.room(messageReviewHandler=handler, maximumMessageRatePerSecond=100, **members)


async def test_what_the_function_is_told(world: World, reviewer: Reviewer) -> None:
    room = room_with(world)
    async with world.chatter(room, "kim", attributes={"displayName": "Kim"}) as kim:
        reviewer.events.clear()
        await kim.say("fine", Attributes={"color": "red"})
        frame = await kim.receive()
        await kim.say("fine too")
        second = await kim.receive()
    sender = {"Attributes": {"displayName": "Kim"}, "UserId": "kim", "Ip": "127.0.0.1"}
    assert reviewer.events == [
        {
            "Content": "fine",
            "MessageId": frame["Id"],
            "RoomArn": room,
            "Attributes": {"color": "red"},
            "Sender": sender,
        },
        {
            "Content": "fine too",
            "MessageId": second["Id"],
            "RoomArn": room,
            "Attributes": None,
            "Sender": sender,
        },
    ]
    assert frame["Content"] == "fine"
    assert frame["Attributes"] == {"color": "red"}


@pytest.mark.parametrize(
    ("content", "attributes", "expected"),
    [
        ("rewrite this", {"color": "red"}, ("rewritten 🦀 this", {"color": "red"})),
        ("recolour", {"color": "red", "size": "1"}, ("recolour", {"color": "blue"})),
        ("recolour", None, ("recolour", {"color": "blue"})),
        ("keep null", {"color": "red"}, ("keep null", {"color": "red"})),
        ("fine", None, ("fine", None)),
        ("surrogate", None, ("\ufffd", {"\ufffd": "x"})),
    ],
)
async def test_allow(
    world: World, content: str, attributes: dict[str, str] | None, expected: tuple[str, Any]
) -> None:
    room = room_with(world, "DENY")
    async with world.chatter(room, "kim") as kim, world.chatter(room, "lee", ()) as lee:
        await kim.say(content, "r-1", Attributes=attributes)
        frame = await kim.receive()
        assert await lee.receive() == frame
        assert frame["RequestId"] == "r-1"
        assert (frame["Content"], frame["Attributes"]) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [("deny", "denied for moderation"), ("deny bare", "Message rejected by review")],
)
async def test_deny(world: World, reviewer: Reviewer, content: str, message: str) -> None:
    room = room_with(world)
    async with world.chatter(room, "kim") as kim, world.chatter(room, "lee", ()) as lee:
        reviewer.events.clear()
        await kim.say(content, "r-1")
        assert await kim.receive() == {
            "Type": "ERROR",
            "Id": reviewer.events[0]["MessageId"],
            "RequestId": "r-1",
            "ErrorCode": 406,
            "ErrorMessage": message,
        }
        await kim.say("fine")
        assert (await lee.receive())["Content"] == "fine"


@pytest.mark.parametrize("fallback", ["ALLOW", "DENY"])
@pytest.mark.parametrize("content", [*FAILING, "dead function"])
async def test_fallback(world: World, content: str, fallback: str) -> None:
    room = room_with(world, fallback, DEAD if content == "dead function" else FUNCTION)
    async with world.chatter(room, "kim") as kim, world.chatter(room, "lee", ()) as lee:
        began = time.monotonic()
        await kim.say(content, "r-1", Attributes={"color": "red"})
        frame = await kim.receive()
        assert time.monotonic() - began < 0.8
        assert frame["RequestId"] == "r-1"
        if fallback == "ALLOW":
            assert (frame["Content"], frame["Attributes"]) == (content, {"color": "red"})
            assert await lee.receive() == frame
        else:
            assert (frame["Type"], frame["ErrorCode"]) == ("ERROR", 406)
        if content == "slow":  # a late answer is ignored
            await kim.nothing(1.2)
            await lee.nothing(0.05)


async def test_reviews_run_beside_each_other(world: World) -> None:
    room = room_with(world)
    async with world.chatter(room, "kim") as kim:
        began = time.monotonic()
        for n in range(8):
            await kim.say(f"slow {n}")
        await kim.say("fine")
        frames = await kim.receive_many(9)
        assert time.monotonic() - began < 0.8
        assert frames[0]["Content"] == "fine"
        assert {frame["Content"] for frame in frames[1:]} == {f"slow {n}" for n in range(8)}


async def test_events_deletions_and_disconnects_are_not_reviewed(
    world: World, reviewer: Reviewer
) -> None:
    room = room_with(world, "DENY", DEAD)
    async with world.chatter(room, "kim") as kim:
        world.ivschat.send_event(roomIdentifier=room, eventName="deny")
        assert (await kim.receive())["EventName"] == "deny"
        frame = await kim.ask({"Action": DISCONNECT, "UserId": "nobody"})
        assert frame["EventName"] == "aws:DISCONNECT_USER"


async def test_an_update_puts_a_handler_in_force_and_out_again(world: World) -> None:
    room = world.room(maximumMessageRatePerSecond=100)
    async with world.chatter(room, "kim", (SEND,)) as kim:
        await kim.say("deny")
        assert (await kim.receive())["Type"] == "MESSAGE"
        updated: Any = world.ivschat.update_room(
            identifier=room, messageReviewHandler={"uri": FUNCTION}
        )
        assert updated["messageReviewHandler"] == {"uri": FUNCTION, "fallbackResult": "ALLOW"}
        await kim.say("deny")
        assert (await kim.receive())["ErrorCode"] == 406
        world.ivschat.update_room(identifier=room, messageReviewHandler={"fallbackResult": "DENY"})
        room_now: Any = world.ivschat.get_room(identifier=room)
        assert room_now["messageReviewHandler"] == {"uri": FUNCTION, "fallbackResult": "DENY"}
        await kim.say("no content")
        assert (await kim.receive())["ErrorCode"] == 406
        world.ivschat.update_room(identifier=room, messageReviewHandler={"uri": ""})
        room_now = world.ivschat.get_room(identifier=room)
        assert room_now.get("messageReviewHandler", {"uri": ""})["uri"] == ""
        await kim.say("deny")
        assert (await kim.receive())["Content"] == "deny"


def test_list_by_handler(world: World) -> None:
    room = room_with(world, name="by-handler")
    found = world.ivschat.list_rooms(messageReviewHandlerUri=FUNCTION, name="by-handler")
    [entry] = found["rooms"]
    assert entry["arn"] == room
    assert entry["messageReviewHandler"] == {"uri": FUNCTION, "fallbackResult": "ALLOW"}
    assert world.ivschat.list_rooms(messageReviewHandlerUri=DEAD, name="by-handler")["rooms"] == []


def test_a_function_of_another_region(reviewed: Server) -> None:
    with World(reviewed, "eu-west-1") as other, pytest.raises(ClientError) as error:
        room_with(other)
    response: Any = error.value.response
    assert failure(error.value) == ("ValidationException", 400)
    assert "uri" in response["message"]


def test_what_failed_is_counted(world: World, reviewed: Server) -> None:
    with urllib.request.urlopen(f"{reviewed.http}/metrics") as response:
        text = response.read().decode()
    for name in ("ivschat_invocation_errors", "ivschat_response_validation_errors"):
        [value] = re.findall(rf'^{name}_total{{Uri="{FUNCTION}"}} (\S+)', text, re.MULTILINE)
        assert float(value) > 0
