"""Exact frames on the messaging socket (spec 6.2 to 6.7)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

from tests.clients.raw_socket import Chatter, Frame
from tests.clients.world import ALL, DELETE, DISCONNECT, SEND, World

ID = re.compile("[a-zA-Z0-9]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


@pytest.fixture
def room(world: World) -> str:
    return world.room(maximumMessageRatePerSecond=100)


def send(content: str = "hi", **members: Any) -> Frame:
    return {"Action": SEND, "Content": content, **members}


async def test_message(world: World, room: str) -> None:
    async with (
        world.chatter(room, "kim", attributes={"a": "b"}) as kim,
        world.chatter(room, "lee") as lee,
    ):
        frame = await kim.ask(send(Attributes={"color": "red"}, RequestId="r-1"))
        assert await lee.receive() == frame
        assert list(frame)[:2] == ["Type", "Id"]
        assert frame == {
            "Type": "MESSAGE",
            "Id": frame["Id"],
            "RequestId": "r-1",
            "Attributes": {"color": "red"},
            "Content": "hi",
            "SendTime": frame["SendTime"],
            "Sender": {"UserId": "kim", "Attributes": {"a": "b"}},
        }
        assert ID.fullmatch(frame["Id"])
        assert TIME.fullmatch(frame["SendTime"])
        sent = datetime.fromisoformat(frame["SendTime"])
        assert abs((datetime.now(UTC) - sent).total_seconds()) < 10


@pytest.mark.parametrize("nothing", [{}, {"Attributes": None, "RequestId": None}])
async def test_message_without_optional_members(
    world: World, room: str, nothing: dict[str, Any]
) -> None:
    async with world.chatter(room, "kim") as kim:
        frame = await kim.ask(send(**nothing))
        assert frame["RequestId"] == ""
        assert frame["Attributes"] is None
        assert frame["Sender"] == {"UserId": "kim", "Attributes": {}}


async def test_deletion_by_socket_and_api(world: World, room: str) -> None:
    async with world.chatter(room, "kim") as kim:
        message = await kim.ask(send())
        given = {"Action": DELETE, "RequestId": "r", "Id": message["Id"], "Reason": "spam"}
        frame = await kim.ask(given)
        both = {"MessageID": message["Id"], "MessageId": message["Id"]}
        expected = {
            "Type": "EVENT",
            "Id": frame["Id"],
            "RequestId": "r",
            "EventName": "aws:DELETE_MESSAGE",
            "Attributes": both | {"Reason": "spam"},
            "SendTime": frame["SendTime"],
        }
        assert frame == expected
        answer = world.ivschat.delete_message(roomIdentifier=room, id=message["Id"])
        frame = await kim.receive()
        assert frame == expected | {
            "Id": answer["id"],
            "RequestId": "",
            "Attributes": both,
            "SendTime": frame["SendTime"],
        }
        assert len({message["Id"], expected["Id"], frame["Id"]}) == 3


@pytest.mark.parametrize("by_api", [False, True])
async def test_disconnect_user_closes_with_1000_after_the_event(
    world: World, room: str, by_api: bool
) -> None:
    async with (
        world.chatter(room, "mod") as mod,
        world.chatter(room, "kim") as first,
        world.chatter(room, "kim") as second,
    ):
        if by_api:
            world.ivschat.disconnect_user(roomIdentifier=room, userId="kim", reason="rude")
        else:
            await mod.send({"Action": DISCONNECT, "UserId": "kim", "Reason": "rude"})
        seen = await mod.receive()
        assert seen == {
            "Type": "EVENT",
            "Id": seen["Id"],
            "RequestId": "",
            "EventName": "aws:DISCONNECT_USER",
            "Attributes": {"UserId": "kim", "Reason": "rude"},
            "SendTime": seen["SendTime"],
        }
        for kim in (first, second):
            assert await kim.closing() == ([seen], 1000)
        await mod.say("still here")
        assert (await mod.receive())["Content"] == "still here"


async def test_disconnecting_spares_the_same_user_of_another_room(world: World, room: str) -> None:
    other = world.room()
    async with world.chatter(room, "kim") as here, world.chatter(other, "kim") as there:
        world.ivschat.disconnect_user(roomIdentifier=room, userId="kim")
        [event], code = await here.closing()
        assert event["Attributes"] == {"UserId": "kim"}
        assert code == 1000
        await there.say("hi")
        assert (await there.receive())["Content"] == "hi"


async def test_send_event(world: World, room: str) -> None:
    async with world.chatter(room, "kim", ()) as kim:
        bare = world.ivschat.send_event(roomIdentifier=room, eventName="app:é " + "x" * 90)
        big = world.ivschat.send_event(
            roomIdentifier=room, eventName="big", attributes={"k": "v" * 4095}
        )
        frame = await kim.receive()
        assert frame == {
            "Type": "EVENT",
            "Id": bare["id"],
            "RequestId": "",
            "EventName": "app:é " + "x" * 90,
            "Attributes": None,
            "SendTime": frame["SendTime"],
        }
        frame = await kim.receive()
        assert frame["Id"] == big["id"]
        assert frame["Attributes"] == {"k": "v" * 4095}


async def test_names_in_any_case_and_binary_frames(world: World, room: str) -> None:
    async with world.chatter(room, "kim") as kim:
        frame = await kim.ask({"action": SEND, "content": "lower", "requestid": "r"})
        assert (frame["Content"], frame["RequestId"]) == ("lower", "r")
        frame = await kim.ask(json.dumps(send("binary")).encode())
        assert frame["Content"] == "binary"


@pytest.mark.parametrize(
    ("escaped", "read"),
    [
        (r"\ud83d", "\ufffd"),
        (r"a\udc00b", "a\ufffdb"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\\ud83d", "\\ud83d"),
        (r"\u0000", "\0"),
    ],
)
async def test_lone_surrogates_are_replaced(
    world: World, room: str, escaped: str, read: str
) -> None:
    async with world.chatter(room, "kim") as kim:
        text = f'"Content":"{escaped}","RequestId":"{escaped}"'
        frame = await kim.ask('{"Action":"SEND_MESSAGE",' + text + "}")
        assert frame["Content"] == frame["RequestId"] == read


WRONG: Mapping[str, tuple[str | bytes | Mapping[str, Any], int, str]] = {
    "not JSON": ("{", 400, ""),
    "nothing": ("", 400, ""),
    "an array": ("[]", 400, ""),
    "a number": ("1", 400, ""),
    "a string": ('"SEND_MESSAGE"', 400, ""),
    "null": ("null", 400, ""),
    "NaN": ('{"Action":"SEND_MESSAGE","Content":NaN}', 400, ""),
    "deep": ("[" * 20_000, 400, ""),
    "deep objects": ('{"a":' * 5_000 + "1" + "}" * 5_000, 400, ""),
    "no action": ({"RequestId": "r"}, 400, "r"),
    "unknown action": ({"Action": "SEND_EVENT", "RequestId": "r"}, 400, "r"),
    "action in lower case": (send(Action="send_message", RequestId="r"), 400, "r"),
    "action is a number": (send(Action=1, RequestId="r"), 400, "r"),
    "action is a list": (send(Action=[SEND], RequestId="r"), 400, "r"),
    "no content": ({"Action": SEND, "RequestId": "r"}, 400, "r"),
    "content null": (send(Content=None, RequestId="r"), 400, "r"),
    "content empty": (send("", RequestId="r"), 400, "r"),
    "content a number": (send(Content=5, RequestId="r"), 400, "r"),
    "content too long": (send("x" * 501, RequestId="r"), 400, "r"),
    "attributes a list": (send(Attributes=["a"], RequestId="r"), 400, "r"),
    "attributes a string": (send(Attributes="a", RequestId="r"), 400, "r"),
    "attribute a number": (send(Attributes={"a": 1}, RequestId="r"), 400, "r"),
    "attribute null": (send(Attributes={"a": None}, RequestId="r"), 400, "r"),
    "attributes too large": (send(Attributes={"a": "x" * 1024}, RequestId="r"), 413, "r"),
    "attributes too large in UTF-8": (send(Attributes={"a": "é" * 512}, RequestId="r"), 413, "r"),
    "request id a number": (send(RequestId=7), 400, ""),
    "request id too long": (send(RequestId="r" * 129), 413, "r" * 129),
    "frame too large": (send("x" * 33_000, RequestId="r"), 413, "r"),
    "id missing": ({"Action": DELETE, "RequestId": "r"}, 400, "r"),
    "id too short": ({"Action": DELETE, "Id": "abc", "RequestId": "r"}, 400, "r"),
    "id of other letters": ({"Action": DELETE, "Id": "abcdefghijk-", "RequestId": "r"}, 400, "r"),
    "id with newline": ({"Action": DELETE, "Id": "abcdefghijkl\n", "RequestId": "r"}, 400, "r"),
    "user id missing": ({"Action": DISCONNECT, "RequestId": "r"}, 400, "r"),
    "user id too long": ({"Action": DISCONNECT, "UserId": "x" * 129, "RequestId": "r"}, 413, "r"),
    "reason too long": (
        {"Action": DISCONNECT, "UserId": "x", "Reason": "x" * 257, "RequestId": "r"},
        413,
        "r",
    ),
    "reason a number": ({"Action": DISCONNECT, "UserId": "x", "Reason": 1}, 400, ""),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_each_wrong_frame_gets_one_error(world: World, room: str, wrong: str) -> None:
    frame, code, request_id = WRONG[wrong]
    async with world.chatter(room, "kim") as kim, world.chatter(room, "lee") as lee:
        error = await kim.ask(frame)
        assert error == {
            "Type": "ERROR",
            "Id": error["Id"],
            "RequestId": request_id,
            "ErrorCode": code,
            "ErrorMessage": error["ErrorMessage"],
        }
        assert ID.fullmatch(error["Id"])
        assert type(error["ErrorCode"]) is int
        await kim.say("fine")
        mine = await kim.receive()
        assert mine["Content"] == "fine"
        assert await lee.receive() == mine


async def test_capabilities_are_checked_before_fields(world: World, room: str) -> None:
    async with world.chatter(room, "kim", ()) as kim:
        for action in ALL:
            error = await kim.ask({"Action": action, "RequestId": "r"})
            assert (error["ErrorCode"], error["RequestId"]) == (403, "r")


async def test_the_rate_of_a_connection_counts_all_actions(world: World, room: str) -> None:
    async with world.chatter(room, "kim") as kim, world.chatter(room, "lee") as lee:
        for n in range(4):
            await kim.say(f"m{n}")
            await kim.send({"Action": DELETE, "Id": "abcdefghijkl"})
            await kim.send({"Action": DISCONNECT, "UserId": "nobody"})
        frames = await kim.receive_many(12)
        kinds = [frame["Type"] for frame in frames]
        assert kinds.count("ERROR") == 2
        assert all(f["ErrorCode"] == 429 for f in frames if f["Type"] == "ERROR")
        # Another connection is not concerned.
        await lee.receive_many(10)
        await lee.say("hi")
        assert (await lee.receive())["Content"] == "hi"
        await asyncio.sleep(1)
        assert (await kim.receive())["Content"] == "hi"
        await kim.say("again")
        assert (await kim.receive())["Content"] == "again"


async def test_the_rate_of_a_room_counts_messages_of_all(world: World) -> None:
    room = world.room(maximumMessageRatePerSecond=2)
    async with world.chatter(room, "kim") as kim, world.chatter(room, "lee") as lee:
        assert (await kim.ask(send()))["Type"] == "MESSAGE"
        await lee.receive()
        assert (await lee.ask(send()))["Type"] == "MESSAGE"
        await kim.receive()
        error = await kim.ask(send(RequestId="r"))
        assert (error["ErrorCode"], error["RequestId"]) == (429, "r")
        # Refused requests use nothing up: a second after the first there is room again.
        for _ in range(5):
            await kim.ask(send())
        await asyncio.sleep(1.05)
        assert (await kim.ask(send()))["Type"] == "MESSAGE"
        await lee.receive()


async def test_no_history(world: World, room: str) -> None:
    async with world.chatter(room, "kim") as kim:
        await kim.ask(send("before"))
        async with world.chatter(room, "lee") as lee:
            await kim.ask(send("after"))
            assert (await lee.receive())["Content"] == "after"
            await lee.nothing()


async def test_rooms_are_separate(world: World, room: str) -> None:
    other = world.room()
    async with world.chatter(room, "kim") as kim, world.chatter(other, "lee") as lee:
        await kim.ask(send("here"))
        await lee.ask(send("there"))
        await kim.nothing()
        await lee.nothing()


# --- WebSocket itself -----------------------------------------------------------------------------


async def test_pings_are_answered_at_once(world: World, room: str) -> None:
    async with world.chatter(room, "kim") as kim:
        waiter = await kim.connection.ping(b"are you there")
        assert await asyncio.wait_for(waiter, 5) < 5


async def test_leaving_is_answered_in_kind(world: World, room: str) -> None:
    async with world.chatter(room, "kim") as kim:
        await kim.connection.close(1000)
        assert kim.connection.close_code == 1000


async def test_an_oversize_message_closes_with_1009(world: World, room: str) -> None:
    async with world.chatter(room, "kim") as kim, world.chatter(room, "lee") as lee:
        frame = await kim.ask("x" * (127 * 1024))
        assert frame["ErrorCode"] == 413
        await kim.send("x" * (128 * 1024 + 1))
        assert (await kim.closing())[1] == 1009
        await lee.say("hi")
        assert (await lee.receive())["Content"] == "hi"


async def test_fragments_are_put_together(world: World, room: str) -> None:
    async with world.chatter(room, "kim") as kim:
        text = json.dumps(send("in pieces 🧩"), ensure_ascii=False)
        await kim.connection.send([text[:5], text[5:30], text[30:]])
        assert (await kim.receive())["Content"] == "in pieces 🧩"


async def write(kim: Chatter, *frames: WireFrame, raw: bytes = b"") -> None:
    data = b"".join(frame.serialize(mask=True) for frame in frames) + raw
    kim.connection.transport.write(data)


MALFORMED: Mapping[str, tuple[bytes, int]] = {
    "text that is not UTF-8": (WireFrame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True), 1007),
    "half a surrogate in UTF-8": (
        WireFrame(Opcode.TEXT, b'"\xed\xa0\xbd"').serialize(mask=True),
        1007,
    ),
    "unmasked": (WireFrame(Opcode.TEXT, b"{}").serialize(mask=False), 1002),
    "reserved bit": (b"\xc1\x80\0\0\0\0", 1002),
    "reserved opcode": (b"\x83\x80\0\0\0\0", 1002),
    "reserved control opcode": (b"\x8b\x80\0\0\0\0", 1002),
    "continuation of nothing": (b"\x80\x80\0\0\0\0", 1002),
    "text within a fragmented text": (b"\x01\x80\0\0\0\0\x81\x80\0\0\0\0", 1002),
    "fragmented ping": (b"\x09\x80\0\0\0\0", 1002),
    "long ping": (b"\x89\xfe\x00\x7e\0\0\0\0" + bytes(126), 1002),
    "close of one byte": (b"\x88\x81\0\0\0\0\x03", 1002),
    "close with a reserved code": (b"\x88\x82\0\0\0\0\x03\xed", 1002),
    "close with a reason not UTF-8": (b"\x88\x83\0\0\0\0\x03\xe8\xff", 1007),
    "length with the highest bit": (b"\x81\xff" + b"\xff" * 8 + bytes(4), 1002),
    "announced length beyond the bound": (b"\x81\xff" + (1 << 40).to_bytes(8, "big"), 1009),
}


@pytest.mark.parametrize("malformed", MALFORMED)
async def test_malformed_frames_close_the_connection(
    world: World, room: str, malformed: str
) -> None:
    data, code = MALFORMED[malformed]
    async with world.chatter(room, "kim") as kim, world.chatter(room, "lee") as lee:
        kim.connection.transport.write(data + (bytes(4) if len(data) == 10 else b""))
        frames, closed = await kim.closing()
        assert frames == []
        assert closed == code
        await lee.say("hi")
        assert (await lee.receive())["Content"] == "hi"
        await lee.nothing(0.05)


async def test_nothing_after_a_close_counts(world: World, room: str) -> None:
    async with world.chatter(room, "kim") as kim, world.chatter(room, "lee") as lee:
        text = json.dumps(send("too late")).encode()
        await write(
            kim,
            WireFrame(Opcode.CLOSE, b"\x03\xe8"),
            WireFrame(Opcode.TEXT, text),
        )
        with pytest.raises(ConnectionClosed):
            await kim.receive()
        await lee.nothing()


async def test_frames_sent_with_the_handshake_are_read(world: World, room: str) -> None:
    """Some peers do not wait for the 101."""
    token = world.token(room, "kim")["token"]
    reader, writer = await asyncio.open_connection("127.0.0.1", world.server.port)
    text = json.dumps(send("early")).encode()
    writer.write(
        b"GET /ivschat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: "
        + token.encode()
        + b"\r\n\r\n"
        + WireFrame(Opcode.TEXT, text).serialize(mask=True)
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert head.startswith(b"HTTP/1.1 101 ")
    frame = await asyncio.wait_for(reader.readuntil(b"}}"), 10)
    assert b'"Content":"early"' in frame
    writer.close()
    await writer.wait_closed()
