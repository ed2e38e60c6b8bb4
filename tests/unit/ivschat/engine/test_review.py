"""Review outcomes: every row of spec 7."""

from __future__ import annotations

import pytest

from hubbub.ivschat.engine.requests import Refusal, SendMessage
from hubbub.ivschat.engine.review import (
    NOT_INVOKED,
    OUTCOMES,
    Finding,
    Review,
    examine,
    request_event,
    sender_of,
    verdict,
)
from tests.unit.ivschat.engine.test_session import ROOM, session

SENT = SendMessage("r", "hi", {"color": "red"})
REJECTED = Refusal(406, "Message rejected by review", "r", "M2YcHkgffEvU")


def outcome(answer: object, fallback: str = "ALLOW") -> SendMessage | Refusal:
    return verdict(examine(answer, 500), fallback, "M2YcHkgffEvU", SENT)


def test_what_the_handler_is_asked() -> None:
    assert request_event(ROOM.arn, "M2YcHkgffEvU", SENT, sender_of(session(), "203.0.113.9")) == {
        "Content": "hi",
        "MessageId": "M2YcHkgffEvU",
        "RoomArn": ROOM.arn,
        "Attributes": {"color": "red"},
        "Sender": {
            "Attributes": {"displayName": "Kim"},
            "UserId": "u-17",
            "Ip": "203.0.113.9",
        },
    }


@pytest.mark.parametrize("fallback", ["ALLOW", "DENY"])
def test_allow_delivers_what_the_handler_returned(fallback: str) -> None:
    answer = {"ReviewResult": "ALLOW", "Content": "hi [edited]", "Attributes": {"a": "b"}}
    assert outcome(answer, fallback) == SendMessage("r", "hi [edited]", {"a": "b"})


@pytest.mark.parametrize("attributes", [{}, {"Attributes": None}])
def test_no_attributes_keep_those_sent(attributes: dict[str, None]) -> None:
    assert outcome({"ReviewResult": "ALLOW", "Content": "x", **attributes}) == SendMessage(
        "r", "x", {"color": "red"}
    )


def test_empty_attributes_replace_those_sent() -> None:
    assert outcome({"ReviewResult": "ALLOW", "Content": "x", "Attributes": {}}) == SendMessage(
        "r", "x", {}
    )


@pytest.mark.parametrize("fallback", ["ALLOW", "DENY"])
def test_deny_tells_the_sender_why(fallback: str) -> None:
    answer = {"ReviewResult": "DENY", "Content": "hi", "Attributes": {"Reason": "moderated"}}
    assert outcome(answer, fallback) == Refusal(406, "moderated", "r", "M2YcHkgffEvU")


@pytest.mark.parametrize(
    "answer",
    [
        {"ReviewResult": "DENY"},
        {"ReviewResult": "DENY", "Content": ""},
        {"ReviewResult": "DENY", "Content": "x" * 501},
        {"ReviewResult": "DENY", "Content": None, "Attributes": None},
        {"ReviewResult": "DENY", "Attributes": {}},
        {"ReviewResult": "DENY", "Attributes": {"Reason": ""}},
    ],
)
def test_deny_needs_neither_content_nor_reason(answer: object) -> None:
    assert outcome(answer) == REJECTED


INVALID: list[object] = [
    None,
    "ALLOW",
    [],
    7,
    {},
    {"ReviewResult": "allow", "Content": "x"},
    {"ReviewResult": None, "Content": "x"},
    {"ReviewResult": ["ALLOW"], "Content": "x"},
    {"reviewResult": "ALLOW", "Content": "x"},
    {"ReviewResult": "ALLOW"},
    {"ReviewResult": "ALLOW", "Content": None},
    {"ReviewResult": "ALLOW", "Content": 1},
    {"ReviewResult": "ALLOW", "Content": ""},
    {"ReviewResult": "ALLOW", "Content": "x" * 501},
    {"ReviewResult": "ALLOW", "Content": "x", "Attributes": []},
    {"ReviewResult": "ALLOW", "Content": "x", "Attributes": {"a": 1}},
    {"ReviewResult": "ALLOW", "Content": "x", "Attributes": {"a": "é" * 512}},
    {"ReviewResult": "DENY", "Attributes": {"Reason": 1}},
    {"ReviewResult": "DENY", "Attributes": {"Reason": "x" * 1019}},
]


@pytest.mark.parametrize("answer", INVALID)
def test_invalid_answers_take_the_fallback(answer: object) -> None:
    assert examine(answer, 500).finding is Finding.INVALID
    assert outcome(answer, "ALLOW") == SENT
    assert outcome(answer, "DENY") == REJECTED


def test_limits_are_those_of_the_room() -> None:
    assert outcome({"ReviewResult": "ALLOW", "Content": "x" * 500}) == SendMessage(
        "r", "x" * 500, {"color": "red"}
    )
    answer = {"ReviewResult": "ALLOW", "Content": "abcdef"}
    assert examine(answer, 6).finding is Finding.ALLOWED
    assert examine(answer, 5).finding is Finding.INVALID


def test_no_answer_takes_the_fallback() -> None:
    assert verdict(NOT_INVOKED, "ALLOW", "M2YcHkgffEvU", SENT) == SENT
    assert verdict(NOT_INVOKED, "DENY", "M2YcHkgffEvU", SENT) == REJECTED


def test_surrogates_in_an_answer_are_replaced() -> None:
    answer = {"ReviewResult": "ALLOW", "Content": "a\ud800", "Attributes": {"\ud800": "\udfff"}}
    assert outcome(answer) == SendMessage("r", "a�", {"�": "�"})
    denied = {"ReviewResult": "DENY", "Attributes": {"Reason": "\ud800"}}
    assert outcome(denied) == Refusal(406, "�", "r", "M2YcHkgffEvU")


def test_the_table_is_complete() -> None:
    assert set(OUTCOMES) == {(f, fallback) for f in Finding for fallback in ("ALLOW", "DENY")}
    for finding, fallback in OUTCOMES:
        made = verdict(Review(finding, content="x"), fallback, "M2YcHkgffEvU", SENT)
        assert isinstance(made, SendMessage | Refusal)
