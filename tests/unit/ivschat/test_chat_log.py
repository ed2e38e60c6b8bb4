"""What is logged, where and under which names (spec 8)."""

from __future__ import annotations

import orjson

from hubbub.ivschat.chat_log import IvsChatLayout
from hubbub.ivschat.engine.room import ReviewHandler
from hubbub.sinks.contract import Destination
from tests.unit.ivschat.house import ACCOUNT, REGION, House, read_frame

S3 = Destination(
    kind="s3",
    name="chat-logs",
    region=REGION,
    account_id=ACCOUNT,
    source=f"arn:aws:ivschat:{REGION}:{ACCOUNT}:logging-configuration/aaaaaaaaaaaa",
)
FIREHOSE = Destination(
    kind="firehose",
    name="chat-stream",
    region=REGION,
    account_id=ACCOUNT,
    source=f"arn:aws:ivschat:{REGION}:{ACCOUNT}:logging-configuration/bbbbbbbbbbbb",
)


async def test_messages_and_events_go_to_each_destination_once(house: House) -> None:
    arn = house.make_room(destinations=(S3, FIREHOSE))
    ann, _ = await house.enter(arn, "ann"), await house.enter(arn, "bob")
    ann.say("hi")
    ann.ask(Action="DELETE_MESSAGE", Id="abC123dEf456")
    ann.ask(Action="DISCONNECT_USER", UserId="nobody")
    assert [destination for destination, _ in house.shelf.records] == [S3, FIREHOSE] * 3
    lines = [orjson.loads(record.line) for _, record in house.shelf.records[::2]]
    assert [line["type"] for line in lines] == ["MESSAGE", "EVENT", "EVENT"]
    assert [line["payload"] for line in lines] == ann.frames
    assert list(lines[0]) == ["event_timestamp", "type", "payload", "version"]
    assert lines[0]["version"] == "1.0"
    assert lines[0]["event_timestamp"] == "2026-05-04T08:23:20.000Z"
    _, record = house.shelf.records[0]
    assert record.layout == "ivschat"
    assert record.partition == house.rooms[arn].id
    assert record.received_at == house.clock.now_ns // 1000
    assert b"\n" not in record.line
    assert orjson.dumps(read_frame(ann.sent[0])) in record.line


async def test_errors_and_denied_messages_are_not_logged(house: House) -> None:
    uri = "arn:aws:lambda:us-west-2:123456789012:function:review"
    arn = house.make_room(destinations=(S3,), review_handler=ReviewHandler(uri, "DENY"))
    ann = await house.enter(arn, "ann")
    ann.say("")
    ann.say("hi")
    ((_, answer),) = await house.reviewed()
    answer.set_result({"ReviewResult": "DENY"})
    await house.answered()
    assert house.shelf.records == []


async def test_what_was_reviewed_is_logged_as_delivered(house: House) -> None:
    uri = "arn:aws:lambda:us-west-2:123456789012:function:review"
    arn = house.make_room(destinations=(S3,), review_handler=ReviewHandler(uri, "DENY"))
    ann = await house.enter(arn, "ann")
    ann.say("hi")
    ((_, answer),) = await house.reviewed()
    answer.set_result({"ReviewResult": "ALLOW", "Content": "edited"})
    await house.answered()
    ((_, record),) = house.shelf.records
    assert orjson.loads(record.line)["payload"] == ann.frames[0]


async def test_attaching_takes_effect_for_rooms_that_are_open(house: House) -> None:
    arn = house.make_room()
    ann = await house.enter(arn, "ann")
    ann.say("before")
    await house.update_room(arn, destinations=(S3,))
    ann.say("after")
    await house.update_room(arn, destinations=())
    ann.say("later")
    assert len(house.shelf.records) == 1


def test_object_keys_and_streams_are_named_as_aws_names_them() -> None:
    layout = IvsChatLayout()
    at = 1_792_000_000_000_000  # 2026-10-14T17:46:40Z
    assert layout.object_key(S3, "abC123dEf456", at, "1766dcbc") == (
        "AWSLogs/123456789012/IVSChatLogs/1.0/us-west-2/room_abC123dEf456/2026/10/14/17/"
        "123456789012_IVSChatLogs_1.0_us-west-2_room_abC123dEf456_20261014T1746Z_1766dcbc.log.gz"
    )
    assert layout.stream_name(S3, "abC123dEf456") == "aws/IVSChatLogs/1.0/room_abC123dEf456"
