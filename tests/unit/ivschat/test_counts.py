"""What is counted (spec 10)."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from tests.unit.ivschat.house import House


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_message_to_a_room_of_ten_is_one_request_and_ten_deliveries(house: House) -> None:
    arn = house.make_room()
    people = [await house.enter(arn, f"u-{n}") for n in range(10)]
    before = {
        (name, action): value(name, Action=action)
        for name in ("ivschat_requests_total", "ivschat_deliveries_total")
        for action in ("SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER")
    }
    all_before = [value(f"ivschat_messaging_{kind}_total") for kind in ("requests", "deliveries")]
    people[0].say("hi")
    people[0].ask(Action="DELETE_MESSAGE", Id="abC123dEf456")
    people[0].ask(Action="DISCONNECT_USER", UserId="u-9")
    people[0].ask(Action="DISCONNECT_USER", UserId="u-8")
    after = {key: value(key[0], Action=key[1]) - count for key, count in before.items()}
    assert after == {
        ("ivschat_requests_total", "SEND_MESSAGE"): 1,
        ("ivschat_requests_total", "DELETE_MESSAGE"): 1,
        ("ivschat_requests_total", "DISCONNECT_USER"): 2,
        ("ivschat_deliveries_total", "SEND_MESSAGE"): 10,
        ("ivschat_deliveries_total", "DELETE_MESSAGE"): 10,
        ("ivschat_deliveries_total", "DISCONNECT_USER"): 19,
    }
    all_after = [value(f"ivschat_messaging_{kind}_total") for kind in ("requests", "deliveries")]
    assert [now - then for now, then in zip(all_after, all_before, strict=True)] == [4, 39]


async def test_open_connections(house: House) -> None:
    def used() -> float:
        return value(
            "aws_usage_resource_count",
            Service="IVS Chat",
            Class="None",
            Type="Resource",
            Resource="ConcurrentChatConnections",
        )

    before, used_before = value("ivschat_concurrent_chat_connections"), used()
    arn = house.make_room()
    clients = [await house.enter(arn) for _ in range(3)]
    assert await house.knock("no token") == 403
    assert value("ivschat_concurrent_chat_connections") == before + 3
    assert used() == used_before + 3
    for client in clients:
        client.hang_up()
    assert value("ivschat_concurrent_chat_connections") == before
    assert used() == used_before


async def test_a_fault_of_ours_is_a_500_for_the_one_who_asked(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    arn = house.make_room()
    ann, bob = await house.enter(arn, "ann"), await house.enter(arn, "bob")

    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    with monkeypatch.context() as patch:
        patch.setattr(house.bus, "submit", fail)
        ann.say("hi", "r")
    (frame,) = ann.frames
    assert (frame["RequestId"], frame["ErrorCode"]) == ("r", 500)
    assert frame["ErrorMessage"] == "Internal server error"
    assert bob.frames == []
    assert "secret" in caplog.text
    ann.say("again")
    assert bob.frames[0]["Content"] == "again"
