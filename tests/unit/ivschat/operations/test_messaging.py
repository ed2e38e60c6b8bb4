"""Messaging from the server side and chat tokens (spec 4 and 5)."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from hubbub.settings import Limits
from hubbub.wire.errors import ServiceError, ValidationFailure
from tests.unit.ivschat.house import Client
from tests.unit.ivschat.operations.conftest import MakeDesk
from tests.unit.ivschat.operations.desk import HANDLER, Desk
from tests.unit.ivschat.operations.test_rooms import code_of, logging

MESSAGE_ID = "abC123dEf456"
ID = re.compile("[a-zA-Z0-9]{12}")


async def room_of(desk: Desk, **request: Any) -> str:
    arn: str = (await desk("CreateRoom", **request))["arn"]
    return arn


async def test_an_event_reaches_everybody(desk: Desk) -> None:
    arn = await room_of(desk)
    ann, bob = await desk.enter(arn, "ann"), await desk.enter(arn, "bob", capabilities=[])
    answer = await desk(
        "SendEvent", roomIdentifier=arn, eventName="app:poll", attributes={"q": "why"}
    )
    assert ID.fullmatch(answer["id"])
    assert ann.sent == bob.sent
    (frame,) = ann.frames
    assert frame == {
        "Type": "EVENT",
        "Id": answer["id"],
        "RequestId": "",
        "EventName": "app:poll",
        "Attributes": {"q": "why"},
        "SendTime": frame["SendTime"],
    }
    await desk("SendEvent", roomIdentifier=arn, eventName="bare")
    assert ann.frames[1]["Attributes"] is None


async def test_nobody_has_to_be_there(desk: Desk) -> None:
    arn = await room_of(desk)
    heard = await desk.listen(arn)
    await desk("SendEvent", roomIdentifier=arn, eventName="x")
    await desk("DeleteMessage", roomIdentifier=arn, id=MESSAGE_ID)
    assert await desk("DisconnectUser", roomIdentifier=arn, userId="nobody") == {}
    assert [orjson.loads(each.payload)["EventName"] for each in heard] == [
        "x",
        "aws:DELETE_MESSAGE",
        "aws:DISCONNECT_USER",
    ]


async def test_event_attributes_hold_four_kilobytes(desk: Desk) -> None:
    arn = await room_of(desk)
    await desk("SendEvent", roomIdentifier=arn, eventName="x", attributes={"k": "é" * 2047})
    with pytest.raises(ValidationFailure) as caught:
        await desk("SendEvent", roomIdentifier=arn, eventName="x", attributes={"k": "é" * 2048})
    assert caught.value.failures[0].member == "attributes"


@pytest.mark.parametrize("name", ["aws:DELETE_MESSAGE", "aws:x", "AWS:x"])
async def test_nobody_forges_system_events(desk: Desk, name: str) -> None:
    arn = await room_of(desk)
    with pytest.raises(ValidationFailure) as caught:
        await desk("SendEvent", roomIdentifier=arn, eventName=name, attributes={"k": "v" * 5000})
    assert [failure.member for failure in caught.value.failures] == ["eventName", "attributes"]


async def test_a_deletion_reaches_everybody(desk: Desk) -> None:
    arn = await room_of(desk)
    ann = await desk.enter(arn, "ann")
    answer = await desk("DeleteMessage", roomIdentifier=arn, id=MESSAGE_ID, reason="spam")
    (frame,) = ann.frames
    assert frame["Id"] == answer["id"] != MESSAGE_ID
    assert frame["RequestId"] == ""
    assert frame["Attributes"] == {
        "MessageID": MESSAGE_ID, "MessageId": MESSAGE_ID, "Reason": "spam",
    }  # fmt: skip


async def test_a_disconnected_user_may_come_back(desk: Desk) -> None:
    arn = await room_of(desk)
    ann, bob = await desk.enter(arn, "ann"), await desk.enter(arn, "bob")
    await desk("DisconnectUser", roomIdentifier=arn, userId="bob", reason="rude")
    assert bob.frames == ann.frames
    assert ann.frames[0]["Attributes"] == {"UserId": "bob", "Reason": "rude"}
    assert (ann.close_code, bob.close_code) == (None, 1000)
    await desk.enter(arn, "bob")


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("SendEvent", {"eventName": "x"}),
        ("DeleteMessage", {"id": MESSAGE_ID}),
        ("DisconnectUser", {"userId": "u"}),
        ("CreateChatToken", {"userId": "u"}),
    ],
)
async def test_unknown_rooms(desk: Desk, operation: str, request_: dict[str, Any]) -> None:
    arn = await room_of(desk)
    await desk("DeleteRoom", identifier=arn)
    code = await code_of(desk, operation, roomIdentifier=arn, **request_)
    assert code == "ResourceNotFoundException"
    other = arn.replace("123456789012", "999999999999")
    code = await code_of(desk, operation, roomIdentifier=other, **request_)
    assert code == "AccessDeniedException"
    elsewhere = arn.replace("us-west-2", "eu-west-1")
    code = await code_of(desk, operation, roomIdentifier=elsewhere, **request_)
    assert code == "ResourceNotFoundException"


async def test_api_and_websocket_share_the_rates(make_desk: MakeDesk) -> None:
    desk = await make_desk(Limits(deletes_per_second=2, disconnects_per_second=1))
    arn = await room_of(desk)
    client = await desk.enter(arn)
    client.ask(Action="DELETE_MESSAGE", Id=MESSAGE_ID)
    await desk("DeleteMessage", roomIdentifier=arn, id=MESSAGE_ID)
    with pytest.raises(ServiceError) as caught:
        await desk("DeleteMessage", roomIdentifier=arn, id=MESSAGE_ID)
    assert (caught.value.code, caught.value.status) == ("ThrottlingException", 429)
    assert caught.value.members == {
        "resourceId": arn.rpartition("/")[2], "resourceType": "ROOM", "limit": 2,
    }  # fmt: skip
    client.ask(Action="DELETE_MESSAGE", RequestId="r", Id=MESSAGE_ID)
    assert client.frames[-1]["ErrorCode"] == 429
    await desk("DisconnectUser", roomIdentifier=arn, userId="nobody")
    client.ask(Action="DISCONNECT_USER", UserId="nobody")
    assert client.frames[-1]["ErrorCode"] == 429
    desk.clock.advance(1)
    await desk("DeleteMessage", roomIdentifier=arn, id=MESSAGE_ID)


async def test_api_call_rates_are_off_until_wanted(make_desk: MakeDesk) -> None:
    free = await make_desk(Limits())
    for _ in range(20):
        await free("ListRooms")
    bound = await make_desk(Limits(api_call_rates=True))
    for _ in range(5):
        await bound("ListRooms")
    with pytest.raises(ServiceError) as caught:
        await bound("ListRooms")
    assert caught.value.code == "ThrottlingException"
    assert caught.value.members["limit"] == 5
    await bound("ListLoggingConfigurations")
    bound.clock.advance(1)
    await bound("ListRooms")


async def test_events_of_the_api_are_logged(desk: Desk) -> None:
    arn = await room_of(desk, loggingConfigurationIdentifiers=[await logging(desk)])
    await desk("SendEvent", roomIdentifier=arn, eventName="x")
    await desk("DeleteMessage", roomIdentifier=arn, id=MESSAGE_ID)
    await desk("DisconnectUser", roomIdentifier=arn, userId="u")
    lines = [orjson.loads(record.line) for _, record in desk.shelf.records]
    assert [line["type"] for line in lines] == ["EVENT"] * 3
    assert lines[0]["payload"]["EventName"] == "x"
    destination = desk.shelf.records[0][0]
    assert (destination.kind, destination.name) == ("s3", "bucket")
    assert (destination.region, destination.account_id) == ("us-west-2", "123456789012")


async def test_tokens_say_when_they_and_their_sessions_end(desk: Desk) -> None:
    arn = await room_of(desk)
    made = await desk("CreateChatToken", roomIdentifier=arn, userId="u")
    now = desk.clock.microseconds()
    assert made["tokenExpirationTime"] == now + 60_000_000
    assert made["sessionExpirationTime"] == now + 3_600_000_000
    longest = await desk(
        "CreateChatToken", roomIdentifier=arn, userId="u", sessionDurationInMinutes=180
    )
    assert longest["sessionExpirationTime"] == desk.clock.microseconds() + 180 * 60_000_000


async def test_capabilities_and_attributes_go_with_the_token(desk: Desk) -> None:
    arn = await room_of(desk)
    ann = await desk.enter(
        arn, "ann", capabilities=["SEND_MESSAGE"], attributes={"displayName": "Kim"}
    )
    bob = await desk.enter(arn, "bob", capabilities=[])
    ann.say("hi")
    assert bob.frames[0]["Sender"] == {"UserId": "ann", "Attributes": {"displayName": "Kim"}}
    ann.ask(Action="DELETE_MESSAGE", Id=MESSAGE_ID)
    assert ann.frames[-1]["ErrorCode"] == 403
    bob.say("hi")
    assert bob.frames[-1]["ErrorCode"] == 403


async def test_token_attributes_hold_one_kilobyte(desk: Desk) -> None:
    arn = await room_of(desk)
    await desk("CreateChatToken", roomIdentifier=arn, userId="u", attributes={"kk": "é" * 511})
    with pytest.raises(ValidationFailure) as caught:
        await desk("CreateChatToken", roomIdentifier=arn, userId="u", attributes={"kk": "é" * 512})
    assert caught.value.failures[0].member == "attributes"


async def test_a_token_made_before_the_deletion_opens_nothing(desk: Desk) -> None:
    arn = await room_of(desk)
    made = await desk("CreateChatToken", roomIdentifier=arn, userId="u")
    inside = await desk.enter(arn)
    await desk("DeleteRoom", identifier=arn)
    assert await desk.show(made["token"]) == 404
    assert inside.is_open()
    inside.say("hi", "r")
    assert (inside.frames[0]["RequestId"], inside.frames[0]["ErrorCode"]) == ("r", 404)
    inside.hang_up()
    assert await desk.show(made["token"]) == 404


async def test_new_settings_hold_when_the_update_is_answered(desk: Desk) -> None:
    arn = await room_of(desk)
    ann, bob = await desk.enter(arn, "ann"), await desk.enter(arn, "bob")
    await desk("UpdateRoom", identifier=arn, maximumMessageLength=2)
    ann.say("abc")
    assert ann.frames[-1]["ErrorCode"] == 400
    await desk("UpdateRoom", identifier=arn, messageReviewHandler={"uri": HANDLER})
    ann.say("ab")
    assert bob.frames == []


async def test_a_room_in_use_is_read_once(desk: Desk) -> None:
    arn = await room_of(desk)
    clients = [await desk.enter(arn, f"u-{n}") for n in range(3)]
    clients[0].say("hi")
    assert all(isinstance(client, Client) and client.frames for client in clients)
