"""One connection's checks: their order is the specification's (6.5)."""

from __future__ import annotations

import msgspec
import orjson
import pytest

from hubbub.ivschat.engine.requests import (
    DeleteMessage,
    DisconnectUser,
    Refusal,
    Request,
    SendMessage,
)
from hubbub.ivschat.engine.room import Room
from hubbub.ivschat.engine.session import Session, internal_error, rate_exceeded, session_expired

ALL = frozenset({"SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"})
ROOM = Room(
    arn="arn:aws:ivschat:us-east-1:123456789012:room/abC123dEf456",
    id="abC123dEf456",
    region="us-east-1",
    account_id="123456789012",
    maximum_message_length=500,
    maximum_message_rate=10,
)
GONE = Room(
    arn=ROOM.arn,
    id=ROOM.id,
    region=ROOM.region,
    account_id=ROOM.account_id,
    maximum_message_length=5,
    maximum_message_rate=10,
    exists=False,
)


def session(capabilities: frozenset[str] = ALL, rate: int = 10) -> Session:
    return Session(
        user_id="u-17",
        attributes={"displayName": "Kim"},
        capabilities=capabilities,
        expires_at=3600.0,
        requests_per_second=rate,
    )


def frame(action: object = "SEND_MESSAGE", **fields: object) -> bytes:
    return orjson.dumps({"Action": action, "RequestId": "r", "Content": "hi", **fields})


def code(answer: Request | Refusal) -> int:
    assert isinstance(answer, Refusal)
    return answer.code


def test_a_good_frame_is_a_request() -> None:
    made = session()
    assert made.receive(frame(), ROOM, 0.0) == SendMessage("r", "hi", None)
    assert made.receive(frame("DELETE_MESSAGE", Id="abC123dEf456"), ROOM, 0.0) == DeleteMessage(
        "r", "abC123dEf456", None
    )
    assert made.receive(frame("DISCONNECT_USER", UserId="x"), ROOM, 0.0) == DisconnectUser(
        "r", "x", None
    )


@pytest.mark.parametrize("action", sorted(ALL))
def test_each_action_needs_its_own_capability(action: str) -> None:
    fields = {"Id": "abC123dEf456", "UserId": "u"}
    assert not isinstance(
        session(frozenset({action})).receive(frame(action, **fields), ROOM, 0.0), Refusal
    )
    assert session(ALL - {action}).receive(frame(action, **fields), ROOM, 0.0) == Refusal(
        403, f"The connection's capabilities do not permit {action}", "r"
    )


@pytest.mark.parametrize("action", ["SEND_EVENT", "send_message", "", None, 4, ["SEND_MESSAGE"]])
def test_unknown_actions_are_malformed(action: object) -> None:
    assert session().receive(frame(action), ROOM, 0.0) == Refusal(
        400, "Request is malformed or invalid: Action", "r"
    )


def test_an_object_without_action_is_malformed() -> None:
    assert code(session().receive(b"{}", ROOM, 0.0)) == 400


def test_ten_requests_a_second_whatever_their_kind() -> None:
    made = session()
    kinds = (frame(), b"nonsense", frame("NO_ACTION"), frame("DISCONNECT_USER", UserId="x"))
    for n in range(10):
        assert made.receive(kinds[n % 4], ROOM, 0.0) != rate_exceeded("r")
    assert made.receive(frame(), ROOM, 0.5) == Refusal(429, "Rate limit exceeded", "r")
    assert made.receive(frame(), ROOM, 1.0) == SendMessage("r", "hi", None)


def test_requests_over_the_rate_do_not_count() -> None:
    made = session(rate=1)
    assert made.receive(frame(), ROOM, 0.0) == SendMessage("r", "hi", None)
    assert code(made.receive(frame(), ROOM, 0.99)) == 429
    assert made.receive(frame(), ROOM, 1.0) == SendMessage("r", "hi", None)


def test_order_of_checks() -> None:
    """Each frame fails the check named and all behind it; the first one answers."""
    receiver = session(frozenset(), rate=1)
    assert code(receiver.receive(b"nonsense", GONE, 0.0)) == 400
    assert code(receiver.receive(b"nonsense", GONE, 0.1)) == 400  # parse, before the rate
    assert code(receiver.receive(frame("NO_ACTION"), GONE, 0.2)) == 429
    assert code(receiver.receive(frame("NO_ACTION"), GONE, 2.0)) == 400
    assert code(receiver.receive(frame(Content=""), GONE, 4.0)) == 403
    receiver.expires_at = 4.1
    assert code(receiver.receive(frame("NO_ACTION"), GONE, 4.2)) == 401
    sender = session(frozenset({"SEND_MESSAGE"}))
    assert code(sender.receive(frame(Content="too long"), GONE, 0.0)) == 400
    assert code(sender.receive(frame(RequestId="r" * 129), GONE, 0.0)) == 413
    assert sender.receive(frame(), GONE, 0.0) == Refusal(404, "Room not found", "r")


def test_the_session_is_over_at_its_end() -> None:
    made = session()
    assert made.receive(frame(), ROOM, 3599.9) == SendMessage("r", "hi", None)
    assert made.receive(frame(), ROOM, 3600.0) == Refusal(401, "The connection has expired", "r")
    assert session_expired() == Refusal(401, "The connection has expired", "")


def test_a_senders_tail_is_made_once() -> None:
    assert session().sender == (b'","Sender":{"UserId":"u-17","Attributes":{"displayName":"Kim"}}}')
    assert session(frozenset()).sender == b""


def test_what_goes_wrong_behind_the_checks() -> None:
    assert internal_error("r") == Refusal(500, "Internal server error", "r")


def test_a_deleted_room_is_all_it_was_but_gone() -> None:
    assert ROOM.deleted() == msgspec.structs.replace(ROOM, exists=False)
