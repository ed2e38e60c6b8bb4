"""Frames for clients: exactly the shapes of spec 6.3."""

from __future__ import annotations

import orjson

from hubbub.ivschat.engine import frames
from hubbub.ivschat.engine.requests import DeleteMessage, DisconnectUser, Refusal

TIME = b"2026-05-04T08:21:20.754555Z"


def joined(split: frames.Split) -> bytes:
    return split.head + TIME + split.tail


def test_a_message_as_captured() -> None:
    split = frames.message(
        "M2YcHkgffEvU", "8fe6", "Hi", None, frames.sender("u-17", {"displayName": "Kim"})
    )
    assert joined(split) == (
        b'{"Type":"MESSAGE","Id":"M2YcHkgffEvU","RequestId":"8fe6","Attributes":null,'
        b'"Content":"Hi","SendTime":"2026-05-04T08:21:20.754555Z",'
        b'"Sender":{"UserId":"u-17","Attributes":{"displayName":"Kim"}}}'
    )


def test_texts_cannot_break_out() -> None:
    nasty = '"}\\\u2028\n\0�'
    split = frames.message("M2YcHkgffEvU", nasty, nasty, {nasty: nasty}, frames.sender(nasty, {}))
    assert orjson.loads(joined(split)) == {
        "Type": "MESSAGE",
        "Id": "M2YcHkgffEvU",
        "RequestId": nasty,
        "Attributes": {nasty: nasty},
        "Content": nasty,
        "SendTime": TIME.decode(),
        "Sender": {"UserId": nasty, "Attributes": {}},
    }


def test_an_event_as_captured() -> None:
    assert joined(frames.event("Q0d1abcdEFGH", "", "app:poll", {"q": "why"})) == (
        b'{"Type":"EVENT","Id":"Q0d1abcdEFGH","RequestId":"","EventName":"app:poll",'
        b'"Attributes":{"q":"why"},"SendTime":"2026-05-04T08:21:20.754555Z"}'
    )
    assert orjson.loads(joined(frames.event("Q0d1abcdEFGH", "", "x", None)))["Attributes"] is None


def test_a_deletion_names_the_message_twice() -> None:
    made = orjson.loads(
        joined(frames.delete_event("IxTh2Ad9fZIr", DeleteMessage("1d2e", "M2YcHkgffEvU", "spam")))
    )
    assert made == {
        "Type": "EVENT",
        "Id": "IxTh2Ad9fZIr",
        "RequestId": "1d2e",
        "EventName": "aws:DELETE_MESSAGE",
        "Attributes": {
            "MessageID": "M2YcHkgffEvU",
            "MessageId": "M2YcHkgffEvU",
            "Reason": "spam",
        },
        "SendTime": TIME.decode(),
    }


def test_a_disconnection_names_the_user() -> None:
    made = orjson.loads(
        joined(frames.disconnect_event("Z8Cd2OchZR9K", DisconnectUser("2a3b", "u-17", "rude")))
    )
    assert made["EventName"] == "aws:DISCONNECT_USER"
    assert made["Attributes"] == {"UserId": "u-17", "Reason": "rude"}


def test_no_reason_no_member() -> None:
    deletion = frames.delete_event("IxTh2Ad9fZIr", DeleteMessage("", "M2YcHkgffEvU", None))
    assert "Reason" not in orjson.loads(joined(deletion))["Attributes"]
    disconnection = frames.disconnect_event("IxTh2Ad9fZIr", DisconnectUser("", "u", None))
    assert orjson.loads(joined(disconnection))["Attributes"] == {"UserId": "u"}


def test_an_error_has_a_number_and_an_id_of_its_own() -> None:
    assert frames.error(Refusal(403, "no", "0c4c"), "bbHq7Rk2Xx01") == (
        b'{"Type":"ERROR","Id":"bbHq7Rk2Xx01","RequestId":"0c4c","ErrorCode":403,'
        b'"ErrorMessage":"no"}'
    )


def test_a_denied_message_gives_its_id_to_the_error() -> None:
    made = orjson.loads(frames.error(Refusal(406, "no", "", "M2YcHkgffEvU"), "bbHq7Rk2Xx01"))
    assert made["Id"] == "M2YcHkgffEvU"
