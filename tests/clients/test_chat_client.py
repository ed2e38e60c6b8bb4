"""The official chat client for JavaScript, unmodified, on both kinds of WebSocket (spec 6.8)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.clients.javascript import JavaScript, JavaScriptRoom
from tests.clients.world import ALL, DELETE, DISCONNECT, SEND, World

ID = re.compile("[a-zA-Z0-9]{12}")


class Lobby:
    """One room, and the client's ChatRooms that tests open in it."""

    def __init__(self, node: JavaScript, world: World, **members: Any) -> None:
        self.node = node
        self.world = world
        self.arn = world.room(**members)
        self.opened: list[JavaScriptRoom] = []

    def user(
        self,
        user_id: str,
        *capabilities: str,
        attributes: dict[str, str] | None = None,
        minutes: int = 60,
        **options: Any,
    ) -> JavaScriptRoom:
        """A ChatRoom of this user, not connected yet."""
        request = {
            "roomIdentifier": self.arn,
            "userId": user_id,
            "capabilities": list(capabilities),
            "sessionDurationInMinutes": minutes,
        } | ({"attributes": attributes} if attributes else {})
        room = self.node.chat_room(self.world.server, request, region=self.world.region, **options)
        self.opened.append(room)
        return room

    def member(self, user_id: str, *capabilities: str, **options: Any) -> JavaScriptRoom:
        return self.user(user_id, *capabilities, **options).connected()


@pytest.fixture
def lobby(node: JavaScript, world: World) -> Iterator[Lobby]:
    lobby = Lobby(node, world, maximumMessageRatePerSecond=100)
    yield lobby
    for room in lobby.opened:
        room.forget()


# --- talking ------------------------------------------------------------------------------------


def test_a_message_reaches_everybody_and_settles_its_promise(lobby: Lobby) -> None:
    kim = lobby.member("kim", SEND, attributes={"displayName": "Kim", "city": "Zürich"})
    lee = lobby.member("lee")
    request_id = str(uuid.uuid4())
    before = datetime.now(UTC)

    sent = kim.send("Grüezi 👋", {"color": "red"}, request_id=request_id)["resolved"]

    assert ID.fullmatch(sent["id"])
    send_time = datetime.fromisoformat(sent.pop("sendTime"))
    assert abs((send_time - before).total_seconds()) < 10
    assert sent == {
        "id": sent["id"],
        "sender": {"userId": "kim", "attributes": {"displayName": "Kim", "city": "Zürich"}},
        "content": "Grüezi 👋",
        "requestId": request_id,
        "attributes": {"color": "red"},
    }
    for room in (kim, lee):
        [message] = room.wait("message")
        assert message["id"] == sent["id"]
        assert message["content"] == "Grüezi 👋"
        assert message["attributes"] == {"color": "red"}
        assert message["sender"] == sent["sender"]


def test_without_attributes_the_message_has_none(lobby: Lobby) -> None:
    kim = lobby.member("kim", SEND)
    sent = kim.send("hi")["resolved"]
    assert "attributes" not in sent
    assert sent["sender"] == {"userId": "kim", "attributes": {}}


def test_the_same_connection_sends_many_and_all_promises_settle_in_order(lobby: Lobby) -> None:
    kim, lee = lobby.member("kim", SEND), lobby.member("lee")
    contents = [f"number {n}" for n in range(10)]
    outcomes = kim.send_many(contents)
    assert [outcome["resolved"]["content"] for outcome in outcomes] == contents
    assert [message["content"] for message in lee.wait("message", 10)] == contents
    assert len({outcome["resolved"]["id"] for outcome in outcomes}) == 10


def test_many_clients_see_one_order(lobby: Lobby) -> None:
    senders = [lobby.member(f"sender-{n}", SEND) for n in range(6)]
    listeners = [lobby.member(f"listener-{n}") for n in range(6)]
    waiting = [
        lobby.node.start(
            "room.sendMany", name=sender._name, contents=[f"{n}:{m}" for m in range(8)]
        )
        for n, sender in enumerate(senders)
    ]
    for answer in waiting:
        assert all("resolved" in outcome for outcome in answer.result(30))
    orders = [
        [(m["id"], m["content"]) for m in room.wait("message", 48)] for room in senders + listeners
    ]
    assert all(order == orders[0] for order in orders)
    for n in range(6):
        own = [content for _, content in orders[0] if content.startswith(f"{n}:")]
        assert own == [f"{n}:{m}" for m in range(8)]
    times = [m["sendTime"] for m in listeners[0].wait("message", 48)]
    assert times == sorted(times)


def test_500_emoji_are_500_characters(lobby: Lobby) -> None:
    kim, lee = lobby.member("kim", SEND), lobby.member("lee")
    assert kim.send("🦀" * 500)["resolved"]["content"] == "🦀" * 500
    assert lee.wait("message")[0]["content"] == "🦀" * 500
    refused = kim.send("🦀" * 501)["rejected"]
    assert refused["errorCode"] == 400
    assert len(kim.journal("message")) == 1


def test_content_is_passed_on_verbatim(lobby: Lobby) -> None:
    kim, lee = lobby.member("kim", SEND), lobby.member("lee")
    contents = [
        "  spaces \t around\n",
        '"quotes" \\ backslash </script> &amp;',
        "\u0000\u0001\u001f\u007f\u2028\u2029",
        "e\u0301 is not \u00e9",
        "\ufeffbyte order mark",
        "👩‍👩‍👧‍👦🏳️‍🌈",
    ]
    for content in contents:
        assert kim.send(content)["resolved"]["content"] == content
    assert [message["content"] for message in lee.wait("message", len(contents))] == contents


def test_a_user_with_two_connections_gets_everything_on_both(lobby: Lobby) -> None:
    first, second = lobby.member("kim", SEND), lobby.member("kim", SEND)
    sent = first.send("to both")["resolved"]
    assert first.wait("message")[0]["id"] == second.wait("message")[0]["id"] == sent["id"]


def test_events_of_the_api_arrive_with_their_id(lobby: Lobby) -> None:
    kim = lobby.member("kim")
    answer = lobby.world.ivschat.send_event(
        roomIdentifier=lobby.arn, eventName="app:poll", attributes={"question": "why?"}
    )
    [event] = kim.wait("event")
    assert event["id"] == answer["id"]
    assert event["eventName"] == "app:poll"
    assert event["attributes"] == {"question": "why?"}
    assert event["requestId"] == ""


def test_an_event_without_attributes_is_understood(lobby: Lobby) -> None:
    kim = lobby.member("kim")
    lobby.world.ivschat.send_event(roomIdentifier=lobby.arn, eventName="bare")
    [event] = kim.wait("event")
    assert event["eventName"] == "bare"
    assert "attributes" not in event


# --- deleting and disconnecting -------------------------------------------------------------------


def test_deleting_settles_through_the_event(lobby: Lobby) -> None:
    kim, mod = lobby.member("kim", SEND), lobby.member("mod", DELETE)
    sent = kim.send("rude words")["resolved"]
    mod.wait("message")

    deleted = mod.delete_message(sent["id"], "spam")["resolved"]

    assert deleted["messageId"] == sent["id"]
    assert deleted["reason"] == "spam"
    assert deleted["id"] != sent["id"]
    assert deleted["attributes"]["MessageId"] == sent["id"]
    for room in (kim, mod):
        [event] = room.wait("messageDelete")
        assert (event["id"], event["messageId"]) == (deleted["id"], sent["id"])


def test_deleting_without_reason(lobby: Lobby) -> None:
    mod = lobby.member("mod", SEND, DELETE)
    sent = mod.send("oops")["resolved"]
    deleted = mod.delete_message(sent["id"])["resolved"]
    assert "reason" not in deleted
    assert deleted["messageId"] == sent["id"]


def test_the_api_deletes_a_message_too(lobby: Lobby) -> None:
    kim = lobby.member("kim", SEND)
    sent = kim.send("going")["resolved"]
    answer = lobby.world.ivschat.delete_message(roomIdentifier=lobby.arn, id=sent["id"])
    [event] = kim.wait("messageDelete")
    assert event["id"] == answer["id"]
    assert event["messageId"] == sent["id"]


def test_a_disconnected_user_stays_away(lobby: Lobby) -> None:
    mod = lobby.member("mod", DISCONNECT)
    phone, laptop = lobby.member("kim", SEND), lobby.member("kim", SEND)
    other = lobby.member("lee")

    outcome = mod.disconnect_user("kim", "rude")["resolved"]

    assert outcome["userId"] == "kim"
    assert outcome["reason"] == "rude"
    for room in (phone, laptop):
        assert room.wait("userDisconnect")[0]["userId"] == "kim"
        assert room.wait("disconnect") == ["serverDisconnect"]
    assert other.wait("userDisconnect")[0]["id"] == outcome["id"]
    assert mod.state == other.state == "connected"
    # It is no ban, and nobody tried to come back by itself.
    for room in (phone, laptop):
        assert len(room.journal("token")) == 1
    again = lobby.member("kim", SEND)
    assert again.send("back")["resolved"]["content"] == "back"


def test_disconnected_by_the_api(lobby: Lobby) -> None:
    kim, lee = lobby.member("kim"), lobby.member("lee")
    lobby.world.ivschat.disconnect_user(roomIdentifier=lobby.arn, userId="kim", reason="bye")
    [event] = kim.wait("userDisconnect")
    assert event["reason"] == "bye"
    assert kim.wait("disconnect") == ["serverDisconnect"]
    lee.wait("userDisconnect")
    assert lee.state == "connected"
    assert len(kim.journal("token")) == 1


def test_disconnecting_oneself_settles_and_stays_away(lobby: Lobby) -> None:
    mod = lobby.member("mod", DISCONNECT)
    assert mod.disconnect_user("mod")["resolved"]["userId"] == "mod"
    assert mod.wait("disconnect") == ["serverDisconnect"]


def test_leaving_and_coming_back(lobby: Lobby) -> None:
    kim, lee = lobby.member("kim", SEND), lobby.member("lee", SEND)
    kim.disconnect()
    assert kim.wait("disconnect") == ["clientDisconnect"]
    assert lee.send("while away")["resolved"]
    kim.connect().wait("connect", 2)
    assert lee.send("after")["resolved"]
    assert [message["content"] for message in kim.wait("message")] == ["after"]


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ALL)
def test_each_action_needs_its_own_capability(lobby: Lobby, missing: str) -> None:
    kim = lobby.member("kim", *[each for each in ALL if each != missing])
    lee = lobby.member("lee", *ALL)
    target = lee.send("a target")["resolved"]["id"]
    kim.wait("message")
    outcome = {
        SEND: lambda: kim.send("no"),
        DELETE: lambda: kim.delete_message(target),
        DISCONNECT: lambda: kim.disconnect_user("lee"),
    }[missing]()
    assert outcome["rejected"]["errorCode"] == 403
    assert missing in outcome["rejected"]["errorMessage"]
    assert kim.state == lee.state == "connected"
    assert [entry["kind"] for entry in lee.journal()] == [
        "connecting",
        "token",
        "connect",
        "message",
    ]


def test_without_capabilities_one_only_listens(lobby: Lobby) -> None:
    kim, lee = lobby.member("kim"), lobby.member("lee", SEND)
    lee.send("hello")
    assert kim.wait("message")[0]["content"] == "hello"
    assert kim.send("me too")["rejected"]["errorCode"] == 403


@pytest.mark.parametrize(
    ("request_name", "arguments", "code"),
    [
        ("send", {"content": ""}, 400),
        ("send", {"content": "x" * 501}, 400),
        ("send", {"content": "x", "attributes": {"nested": {"a": 1}}}, 400),
        ("send", {"content": "x", "attributes": {"number": 1}}, 400),
        ("send", {"content": "x", "attributes": {"k": "v" * 1024}}, 413),
        ("send", {"content": "x" * 40_000}, 413),
        ("deleteMessage", {"id": "short"}, 400),
        ("deleteMessage", {"id": "abcdefghijk!"}, 400),
        ("deleteMessage", {"id": "abcdefghijkl", "reason": "x" * 257}, 413),
        ("disconnectUser", {"userId": ""}, 400),
        ("disconnectUser", {"userId": "x" * 129}, 413),
        ("disconnectUser", {"userId": "x", "reason": "x" * 257}, 413),
    ],
)
def test_what_is_wrong_rejects_the_promise(
    lobby: Lobby, request_name: str, arguments: dict[str, Any], code: int
) -> None:
    kim, lee = lobby.member("kim", *ALL), lobby.member("lee")
    outcome = lobby.node.call(f"room.{request_name}", name=kim._name, **arguments)
    assert outcome["rejected"]["errorCode"] == code
    assert outcome["rejected"]["errorMessage"]
    assert ID.fullmatch(outcome["rejected"]["id"])
    # The connection is as good as before, and nobody else has seen anything.
    assert kim.send("still here")["resolved"]
    assert [message["content"] for message in lee.wait("message")] == ["still here"]


def test_the_limits_of_the_fields_themselves_are_allowed(lobby: Lobby) -> None:
    kim = lobby.member("kim", *ALL)
    assert kim.send("x" * 500, {"k": "v" * 1023})["resolved"]
    assert kim.delete_message("abcdefghijkl", "x" * 256)["resolved"]
    assert kim.disconnect_user("x" * 128, "x" * 256)["resolved"]


def test_eleven_at_once_are_one_too_many_for_a_connection(lobby: Lobby) -> None:
    kim, lee = lobby.member("kim", SEND), lobby.member("lee")
    outcomes = kim.send_many([str(n) for n in range(14)])
    assert ["resolved" in outcome for outcome in outcomes] == [True] * 10 + [False] * 4
    for outcome in outcomes[10:]:
        assert outcome["rejected"]["errorCode"] == 429
    assert [m["content"] for m in lee.wait("message", 10)] == [str(n) for n in range(10)]
    assert kim.state == "connected"


def test_the_rate_of_the_room_holds_for_all_its_members(node: JavaScript, world: World) -> None:
    lobby = Lobby(node, world, maximumMessageRatePerSecond=3)
    first, second = lobby.member("kim", *ALL), lobby.member("lee", *ALL)
    outcomes = [first.send_many(["a", "b"]), second.send_many(["c", "d"])]
    assert all("resolved" in outcome for outcome in [*outcomes[0], outcomes[1][0]])
    assert outcomes[1][1]["rejected"]["errorCode"] == 429
    # Deletes and disconnects do not count.
    assert second.delete_message(outcomes[0][0]["resolved"]["id"])["resolved"]
    assert second.disconnect_user("nobody")["resolved"]
    for room in lobby.opened:
        room.forget()


def test_requests_after_the_room_is_gone(lobby: Lobby) -> None:
    kim, lee = lobby.member("kim", *ALL), lobby.member("lee")
    lobby.world.ivschat.delete_room(identifier=lobby.arn)
    assert kim.send("anybody?")["rejected"]["errorCode"] == 404
    assert kim.delete_message("abcdefghijkl")["rejected"]["errorCode"] == 404
    assert kim.disconnect_user("lee")["rejected"]["errorCode"] == 404
    # Deleting a room closes nothing (trap 5).
    assert kim.state == lee.state == "connected"
    assert len(lee.journal("token")) == 1


def test_an_update_of_the_room_holds_for_open_connections(lobby: Lobby) -> None:
    kim = lobby.member("kim", SEND)
    assert kim.send("x" * 500)["resolved"]
    lobby.world.ivschat.update_room(identifier=lobby.arn, maximumMessageLength=3)
    assert kim.send("four")["rejected"]["errorCode"] == 400
    assert kim.send("two")["resolved"]


# --- connecting -----------------------------------------------------------------------------------


def test_a_failed_handshake_is_tried_again_with_a_fresh_token(lobby: Lobby) -> None:
    kim = lobby.user("kim", SEND, fixed_tokens=["not-a-token", "neither.this"])
    kim.connect()
    kim.wait("connect")
    assert len(kim.journal("token")) == 3
    assert kim.send("made it")["resolved"]


def test_handshakes_that_always_fail_end_in_socket_error(lobby: Lobby) -> None:
    kim = lobby.user("kim", fixed_tokens=["a", "b", "c", "d", "e"])
    kim.connect()
    assert kim.wait("disconnect") == ["socketError"]
    assert len(kim.journal("token")) == 4


def test_a_token_works_once(lobby: Lobby) -> None:
    token = lobby.world.token(lobby.arn, "kim")["token"]
    first = lobby.user("kim", fixed_tokens=[token])
    first.connect()
    first.wait("connect")
    second = lobby.user("kim", fixed_tokens=[token] * 4)
    second.connect()
    assert second.wait("disconnect") == ["socketError"]
    assert first.state == "connected"
    first.disconnect()
    third = lobby.user("kim", fixed_tokens=[token] * 4)
    third.connect()
    assert third.wait("disconnect") == ["socketError"]


@pytest.mark.parametrize("expires_in", [61_000, 31_000], ids=["60 s before", "30 s before"])
def test_hand_over_before_the_token_ends_loses_and_doubles_nothing(
    lobby: Lobby, expires_in: int
) -> None:
    """The client opens its next connection before the end it was told of (spec 6.8)."""
    kim = lobby.user("kim", SEND, expires_in=[expires_in, expires_in, None])
    kim.connect().wait("connect")
    senders = [lobby.member(f"sender-{n}", SEND) for n in range(4)]
    sent: list[str] = []
    while len(kim.journal("token")) < 3 or len(sent) < 60:
        for sender in senders:
            content = f"message {len(sent)}"
            outcome = sender.send(content)
            if "resolved" in outcome:
                sent.append(content)
            else:  # faster than a connection may
                assert outcome["rejected"]["errorCode"] == 429
        assert len(sent) < 2000
    assert kim.send("the last")["resolved"]
    received = [message["content"] for message in kim.wait("message", len(sent) + 1)]
    assert received == [*sent, "the last"]
    assert kim.journal("disconnect") == []
    assert len(kim.journal("token")) == 3


def test_journal_entries_of_the_client_hold_no_complaints(lobby: Lobby) -> None:
    """Every kind of frame is one that the client can read; it logs those that it cannot."""
    kim = lobby.member("kim", *ALL)
    sent = kim.send("hi", {"a": "b"})["resolved"]
    kim.delete_message(sent["id"], "because")
    kim.disconnect_user("nobody", "because")
    lobby.world.ivschat.send_event(roomIdentifier=lobby.arn, eventName="x")
    lobby.world.ivschat.delete_message(roomIdentifier=lobby.arn, id=sent["id"])
    lobby.world.ivschat.disconnect_user(roomIdentifier=lobby.arn, userId="nobody")
    kim.wait("userDisconnect", 2)
    kinds = [entry["kind"] for entry in kim.journal()]
    assert kinds == [
        *("connecting", "token", "connect", "message", "messageDelete", "userDisconnect"),
        *("event", "messageDelete", "userDisconnect"),
    ], json.dumps(kim.journal(), indent=1)
