"""Who gets what, errors, limits, and how connections end: spec 6.3 to 6.7."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hubbub.bus.contract import Limit, Outcome, Publication, Unavailable
from hubbub.bus.memory import MemoryBus
from hubbub.ivschat.engine import admission
from hubbub.settings import Limits
from tests.unit.ivschat.house import ALL, House

MESSAGE_ID = "abC123dEf456"
TIME = re.compile(r"2026-05-04T08:23:20(\.\d{1,9})?Z")


async def test_everybody_gets_the_message_the_sender_too(house: House) -> None:
    arn = house.make_room()
    ann = await house.enter(arn, "ann", attributes={"displayName": "Ann"})
    bob = await house.enter(arn, "bob", capabilities=frozenset())
    elsewhere = await house.enter(house.make_room(), "ann")
    ann.ask(Action="SEND_MESSAGE", RequestId="8fe6", Content="Hi", Attributes={"c": "red"})
    assert elsewhere.frames == []
    assert ann.sent == bob.sent
    (frame,) = bob.frames
    assert list(frame) == [
        "Type", "Id", "RequestId", "Attributes", "Content", "SendTime", "Sender",
    ]  # fmt: skip
    assert re.fullmatch("[a-zA-Z0-9]{12}", frame["Id"])
    assert TIME.fullmatch(frame["SendTime"])
    assert {name: frame[name] for name in ("Type", "RequestId", "Attributes", "Content")} == {
        "Type": "MESSAGE", "RequestId": "8fe6", "Attributes": {"c": "red"}, "Content": "Hi",
    }  # fmt: skip
    assert frame["Sender"] == {"UserId": "ann", "Attributes": {"displayName": "Ann"}}


async def test_members_that_were_not_given(house: House) -> None:
    client = await house.enter(house.make_room(), "ann")
    client.ask(Action="SEND_MESSAGE", Content="Hi")
    (frame,) = client.frames
    assert frame["RequestId"] == ""
    assert frame["Attributes"] is None
    assert frame["Sender"] == {"UserId": "ann", "Attributes": {}}


async def test_deleting_tells_everybody(house: House) -> None:
    arn = house.make_room()
    ann, bob = await house.enter(arn, "ann"), await house.enter(arn, "bob")
    ann.ask(Action="DELETE_MESSAGE", RequestId="1d2e", Id=MESSAGE_ID, Reason="spam")
    assert ann.sent == bob.sent
    (frame,) = bob.frames
    assert list(frame) == ["Type", "Id", "RequestId", "EventName", "Attributes", "SendTime"]
    assert frame["EventName"] == "aws:DELETE_MESSAGE"
    assert frame["Attributes"] == {
        "MessageID": MESSAGE_ID, "MessageId": MESSAGE_ID, "Reason": "spam",
    }  # fmt: skip
    assert frame["Id"] != MESSAGE_ID


async def test_disconnecting_closes_all_connections_of_the_user_in_the_room(house: House) -> None:
    arn, other = house.make_room(), house.make_room()
    ann = await house.enter(arn, "ann")
    bobs = [await house.enter(arn, "bob") for _ in range(3)]
    elsewhere = await house.enter(other, "bob")
    ann.ask(Action="DISCONNECT_USER", RequestId="2a3b", UserId="bob", Reason="rude")
    for bob in bobs:
        assert bob.frames[-1]["EventName"] == "aws:DISCONNECT_USER"
        assert bob.close_code == 1000
    assert ann.close_code is None
    assert elsewhere.close_code is None
    assert ann.frames[-1]["Attributes"] == {"UserId": "bob", "Reason": "rude"}


async def test_one_may_disconnect_oneself(house: House) -> None:
    client = await house.enter(house.make_room(), "ann")
    client.ask(Action="DISCONNECT_USER", RequestId="r", UserId="ann")
    assert client.frames[0]["RequestId"] == "r"
    assert client.close_code == 1000
    client.say("too late")
    assert len(client.frames) == 1
    client.hang_up()


async def test_disconnecting_somebody_who_is_not_there(house: House) -> None:
    client = await house.enter(house.make_room(), "ann")
    client.ask(Action="DISCONNECT_USER", RequestId="r", UserId="nobody")
    assert client.frames[0]["EventName"] == "aws:DISCONNECT_USER"


async def test_errors_are_for_the_one_who_asked(house: House) -> None:
    arn = house.make_room()
    ann = await house.enter(arn, "ann", capabilities=ALL - {"SEND_MESSAGE"})
    bob = await house.enter(arn, "bob")
    ann.say("hi", "0c4c")
    assert bob.frames == []
    (frame,) = ann.frames
    assert list(frame) == ["Type", "Id", "RequestId", "ErrorCode", "ErrorMessage"]
    assert (frame["RequestId"], frame["ErrorCode"]) == ("0c4c", 403)


async def test_the_room_has_a_rate_for_all_its_senders(house: House) -> None:
    arn = house.make_room(maximum_message_rate=3)
    people = [await house.enter(arn, f"u-{n}") for n in range(4)]
    for person in people:
        person.say("hi")
    assert [frame["Type"] for frame in people[0].frames] == ["MESSAGE"] * 3
    assert [frame["Type"] for frame in people[3].frames] == ["MESSAGE"] * 3 + ["ERROR"]
    assert people[3].frames[-1]["ErrorCode"] == 429
    people[3].ask(Action="DELETE_MESSAGE", Id=MESSAGE_ID)
    assert people[0].frames[-1]["Type"] == "EVENT"
    house.clock.advance(1)
    people[3].say("now")
    assert people[0].frames[-1]["Content"] == "now"


async def test_refused_messages_use_no_allowance_of_the_room(house: House) -> None:
    arn = house.make_room(maximum_message_rate=1)
    ann = await house.enter(arn, "ann")
    for _ in range(5):
        ann.say("x" * 501)
    ann.say("right")
    assert ann.frames[-1]["Content"] == "right"


async def test_the_account_has_rates_across_rooms(tmp_path: Path) -> None:
    house = House(
        tmp_path, Limits(messages_per_second=2, deletes_per_second=2, disconnects_per_second=2)
    )
    people = [await house.enter(house.make_room(), "ann") for _ in range(3)]
    for person in people:
        person.say("hi")
        person.ask(Action="DELETE_MESSAGE", Id=MESSAGE_ID)
        person.ask(Action="DISCONNECT_USER", UserId="nobody")
    kinds = [[frame["Type"] for frame in person.frames] for person in people]
    assert kinds == [["MESSAGE", "EVENT", "EVENT"]] * 2 + [["ERROR"] * 3]
    assert {frame["ErrorCode"] for frame in people[2].frames} == {429}
    await house.close()


async def test_a_setting_replaces_the_rooms_rate(tmp_path: Path) -> None:
    limits = Limits(room_messages_per_second=50, connection_requests_per_second=0)
    house = House(tmp_path, limits)
    client = await house.enter(house.make_room(maximum_message_rate=1))
    for _ in range(51):
        client.say("hi")
    assert [frame["Type"] for frame in client.frames] == ["MESSAGE"] * 50 + ["ERROR"]
    await house.close()


async def test_the_session_ends_with_401_and_a_clean_close(house: House) -> None:
    arn = house.make_room()
    short = await house.enter(arn, "ann", minutes=1)
    long = await house.enter(arn, "bob", minutes=2)
    await house.pass_time(59.9)
    assert short.frames == []
    await house.pass_time(0.1)
    (frame,) = short.frames
    assert (frame["Type"], frame["RequestId"], frame["ErrorCode"]) == ("ERROR", "", 401)
    assert short.close_code == 1000
    assert long.is_open()
    await house.pass_time(60)
    assert long.close_code == 1000
    assert len(house.ends) == 0


async def test_new_settings_hold_for_those_who_are_in(house: House) -> None:
    arn = house.make_room(maximum_message_length=3, maximum_message_rate=1)
    client = await house.enter(arn)
    client.say("four")
    assert client.frames[-1]["ErrorCode"] == 400
    await house.update_room(arn, maximum_message_length=4, maximum_message_rate=2)
    client.say("four")
    client.say("four")
    assert [frame["Type"] for frame in client.frames[1:]] == ["MESSAGE", "MESSAGE"]


async def test_a_notice_of_change_makes_every_node_read_again(house: House) -> None:
    arn = house.make_room(maximum_message_length=3)
    client = await house.enter(arn)
    house.rooms[arn] = house.rooms[arn].deleted()
    house.bus.submit((), admission.room_changed(arn), lambda _: None)
    await house.open.changed(arn)
    assert client.frames == []
    client.say("hi")
    assert client.frames[0]["ErrorCode"] == 404


async def test_connections_stay_when_the_room_is_deleted(house: House) -> None:
    arn = house.make_room()
    client = await house.enter(arn)
    await house.delete_room(arn)
    client.say("hi", "r")
    (frame,) = client.frames
    assert (frame["RequestId"], frame["ErrorCode"]) == ("r", 404)
    assert client.close_code is None
    client.hang_up()
    assert arn not in house.open


async def test_missed_frames_send_clients_round_again(house: House) -> None:
    arn = house.make_room()
    client, other = await house.enter(arn), await house.enter(house.make_room())
    house.open._gap(arn)
    house.open._gap("a topic that nobody has open")
    assert client.close_code == 1012
    assert other.close_code is None
    assert arn not in house.open


async def test_a_bus_that_is_back_has_all_rooms_read_again(house: House) -> None:
    arn = house.make_room(maximum_message_length=3)
    client = await house.enter(arn)
    del house.rooms[arn]
    house.open._restored()
    await house.open.changed(arn)
    client.say("hi")
    assert client.frames[0]["ErrorCode"] == 404


class Silent(MemoryBus):
    """A bus that takes nothing."""

    def submit(
        self,
        limits: Sequence[Limit],
        publication: Publication | None,
        done: Callable[[Outcome], None],
    ) -> None:
        done(Unavailable())


async def test_without_the_bus_the_sender_alone_gets_500(tmp_path: Path) -> None:
    clock = House(tmp_path).clock
    house = House(tmp_path / "other", bus=Silent(tmp_path / "bus", time_ns=clock.nanoseconds))
    arn = house.make_room()
    ann, bob = await house.enter(arn, "ann"), await house.enter(arn, "bob")
    ann.say("hi", "r")
    assert bob.frames == []
    assert (ann.frames[0]["RequestId"], ann.frames[0]["ErrorCode"]) == ("r", 500)
    assert ann.close_code is None
    await house.close()


@pytest.mark.parametrize("payload", [b"nonsense", b"[]", b"\xff", b"{}", b"x" * 40_000, b""])
async def test_malformed_frames_close_nothing(house: House, payload: bytes) -> None:
    client = await house.enter(house.make_room())
    client.ask_raw(payload)
    assert client.frames[0]["Type"] == "ERROR"
    client.say("hi")
    assert client.frames[1]["Content"] == "hi"


async def test_no_frame_has_an_id_that_another_has(house: House) -> None:
    client = await house.enter(house.make_room())
    for _ in range(4):
        client.say("hi")
        client.say("")
        client.ask(Action="DELETE_MESSAGE", Id=client.frames[0]["Id"])
    ids = [frame["Id"] for frame in client.frames]
    assert len(set(ids)) == len(ids) == 12
