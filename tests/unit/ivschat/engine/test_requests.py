"""Frames from clients: every row of spec 6.2 and 6.5 that concerns their form."""

from __future__ import annotations

import json
from collections.abc import Mapping

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubbub.ivschat.engine.requests import (
    MAX_FRAME_BYTES,
    READERS,
    DeleteMessage,
    DisconnectUser,
    Refusal,
    Request,
    SendMessage,
    read,
    request_id_fault,
    request_id_of,
)

MESSAGE_ID = "abC123dEf456"


def request(payload: bytes | Mapping[str, object], maximum_length: int = 500) -> Request | Refusal:
    """All checks of a frame's form, without those of the connection."""
    frame = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    fields = read(frame)
    if isinstance(fields, Refusal):
        return fields
    action = fields["Action"]
    assert isinstance(action, str)
    return request_id_fault(fields) or READERS[action](
        fields, request_id_of(fields), maximum_length
    )


def send(**fields: object) -> Request | Refusal:
    return request({"Action": "SEND_MESSAGE", "RequestId": "r", **fields})


def delete(**fields: object) -> Request | Refusal:
    return request({"Action": "DELETE_MESSAGE", "RequestId": "r", **fields})


def disconnect(**fields: object) -> Request | Refusal:
    return request({"Action": "DISCONNECT_USER", "RequestId": "r", **fields})


def code(answer: Request | Refusal) -> int:
    assert isinstance(answer, Refusal)
    return answer.code


def test_the_three_requests_as_documented() -> None:
    assert request(
        b'{"Action":"SEND_MESSAGE","RequestId":"0c4c","Content":"hi","Attributes":{"c":"red"}}'
    ) == SendMessage("0c4c", "hi", {"c": "red"})
    assert request(
        b'{"Action":"DELETE_MESSAGE","RequestId":"1d2e","Id":"abC123dEf456","Reason":"spam"}'
    ) == DeleteMessage("1d2e", MESSAGE_ID, "spam")
    assert request(
        b'{"Action":"DISCONNECT_USER","RequestId":"2a3b","UserId":"u-17","Reason":"rude"}'
    ) == DisconnectUser("2a3b", "u-17", "rude")


def test_null_is_as_good_as_absent() -> None:
    bare = SendMessage("", "hi", None)
    assert request({"Action": "SEND_MESSAGE", "Content": "hi"}) == bare
    assert (
        request({"Action": "SEND_MESSAGE", "Content": "hi", "RequestId": None, "Attributes": None})
        == bare
    )
    assert delete(Id=MESSAGE_ID, Reason=None) == DeleteMessage("r", MESSAGE_ID, None)
    assert disconnect(UserId="u", Reason=None) == DisconnectUser("r", "u", None)


def test_an_empty_reason_is_no_reason() -> None:
    assert delete(Id=MESSAGE_ID, Reason="") == DeleteMessage("r", MESSAGE_ID, None)


def test_keys_in_any_case() -> None:
    assert request({"action": "SEND_MESSAGE", "CONTENT": "hi", "requestID": "q"}) == SendMessage(
        "q", "hi", None
    )


def test_the_documented_case_wins_over_others() -> None:
    for frame in (
        b'{"Action":"SEND_MESSAGE","Content":"right","content":"wrong"}',
        b'{"Action":"SEND_MESSAGE","content":"wrong","Content":"right"}',
    ):
        assert request(frame) == SendMessage("", "right", None)


def test_unknown_members_are_ignored() -> None:
    assert send(Content="hi", Extra={"deep": [1]}, action2=1) == SendMessage("r", "hi", None)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"nonsense",
        b"[]",
        b'"text"',
        b"12",
        b"null",
        b"{",
        b'{"Action":NaN}',
        b'{"Action":Infinity}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{}",
        b'{"Action":"\xed\xa0\x80"}',
        b'{"RequestId":"r","Content":"\\ud83d","Action":',
        b'{"RequestId":"r","Attributes":' + b"[" * 2000 + b"]" * 2000 + b"}",
        b"[" * 30_000,
    ],
)
def test_what_is_no_object_is_malformed(frame: bytes) -> None:
    assert read(frame) == Refusal(400, "Request is malformed or invalid: not a JSON object", "")


def test_content_counts_code_points() -> None:
    emoji = "\N{GRINNING FACE}"
    assert send(Content=emoji * 500) == SendMessage("r", emoji * 500, None)
    assert send(Content=emoji * 501) == Refusal(
        400, "Message exceeds the maximum length of 500 characters", "r"
    )
    five = {"Action": "SEND_MESSAGE", "Content": emoji * 5}
    assert request(five, 5) == SendMessage("", emoji * 5, None)
    assert code(request(five, 4)) == 400


def test_content_is_verbatim() -> None:
    content = ' \t<b>&"\\\u2028 e\u0301 \0 '
    assert send(Content=content) == SendMessage("r", content, None)


@pytest.mark.parametrize("content", ["", None, 1, True, [], {}, ["hi"]])
def test_content_has_to_be_text(content: object) -> None:
    assert send(Content=content) == Refusal(400, "Request is malformed or invalid: Content", "r")


def test_content_is_required() -> None:
    assert code(send()) == 400


@pytest.mark.parametrize("attributes", ["x", 1, [], ["a"], {"a": 1}, {"a": None}, {"a": ["b"]}])
def test_attributes_are_a_map_of_text(attributes: object) -> None:
    assert send(Content="hi", Attributes=attributes) == Refusal(
        400, "Request is malformed or invalid: Attributes", "r"
    )


def test_attributes_hold_one_kilobyte_of_utf8() -> None:
    assert send(Content="hi", Attributes={"k": "v" * 1023}) == SendMessage(
        "r", "hi", {"k": "v" * 1023}
    )
    assert send(Content="hi", Attributes={"k": "v" * 1024}) == Refusal(
        413, "Payload too large: Attributes", "r"
    )
    assert isinstance(send(Content="hi", Attributes={"kk": "é" * 511}), SendMessage)
    assert code(send(Content="hi", Attributes={"kkk": "é" * 511})) == 413


def test_empty_attributes_stay_as_sent() -> None:
    assert send(Content="hi", Attributes={}) == SendMessage("r", "hi", {})


@pytest.mark.parametrize(
    "message_id", ["", None, 7, "abC123dEf45", "abC123dEf4567", "abC123dEf45-", "abC123dEf45é"]
)
def test_an_id_is_twelve_letters_and_digits(message_id: object) -> None:
    assert delete(Id=message_id) == Refusal(400, "Request is malformed or invalid: Id", "r")


def test_an_id_ends_where_it_ends() -> None:
    assert code(delete(Id=MESSAGE_ID + "\n")) == 400
    assert code(delete()) == 400


@pytest.mark.parametrize("user_id", ["", None, 7, [], {}])
def test_a_user_has_to_be_named(user_id: object) -> None:
    assert disconnect(UserId=user_id) == Refusal(
        400, "Request is malformed or invalid: UserId", "r"
    )


def test_the_other_texts_have_limits() -> None:
    assert disconnect(UserId="u" * 128) == DisconnectUser("r", "u" * 128, None)
    assert disconnect(UserId="u" * 129) == Refusal(413, "Payload too large: UserId", "r")
    assert disconnect(UserId="u", Reason="é" * 256) == DisconnectUser("r", "u", "é" * 256)
    assert disconnect(UserId="u", Reason="é" * 257) == Refusal(
        413, "Payload too large: Reason", "r"
    )
    assert delete(Id=MESSAGE_ID, Reason="y" * 257) == Refusal(413, "Payload too large: Reason", "r")
    assert code(delete(Id=MESSAGE_ID, Reason=5)) == 400


def test_request_ids() -> None:
    frame = {"Action": "SEND_MESSAGE", "Content": "hi"}
    assert request({**frame, "RequestId": "é" * 128}) == SendMessage("é" * 128, "hi", None)
    assert request({**frame, "RequestId": "é" * 129}) == Refusal(
        413, "Payload too large: RequestId", "é" * 129
    )
    assert request({**frame, "RequestId": 7}) == Refusal(
        400, "Request is malformed or invalid: RequestId", ""
    )
    assert request({**frame, "RequestId": ""}) == SendMessage("", "hi", None)


def test_frames_of_32_kib_are_read() -> None:
    frame = b'{"Action":"SEND_MESSAGE","RequestId":"r","Content":"hi","Pad":"%b"}'
    room = MAX_FRAME_BYTES - len(frame % b"")
    assert request(frame % (b"x" * room)) == SendMessage("r", "hi", None)
    too_large = "Payload too large: frame"
    assert request(frame % (b"x" * (room + 1))) == Refusal(413, too_large, "r")
    assert read(b"x" * (MAX_FRAME_BYTES + 1)) == Refusal(413, too_large, "")
    assert read(b'{"RequestId":1,"x":"' + b"x" * MAX_FRAME_BYTES + b'"}') == Refusal(
        413, too_large, ""
    )


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        (rb"\ud83d", "�"),
        (rb"\uDE00", "�"),
        (rb"\ud83d\ude00", "\N{GRINNING FACE}"),
        (rb"\ud83d\ud83d\ude00", "�\N{GRINNING FACE}"),
        (rb"a\uD83Db", "a�b"),
        (rb"\\ud83d\udc00", "\\ud83d�"),
        (rb"\ud83dA", "�A"),
        (rb"\n\ud83d\"", '\n�"'),
        ("é\\ud83d\N{GRINNING FACE}".encode(), "é�\N{GRINNING FACE}"),
    ],
)
def test_lone_surrogates_become_replacement_characters(sent: bytes, means: str) -> None:
    frame = b'{"Action":"SEND_MESSAGE","RequestId":"r","Content":"%b"}' % sent
    assert request(frame) == SendMessage("r", means, None)


def test_lone_surrogates_anywhere() -> None:
    frame = (
        rb'{"Action":"SEND_MESSAGE","RequestId":"\ud800","Content":"x",'
        rb'"Attributes":{"\udfff":"\uD800"}}'
    )
    assert request(frame) == SendMessage("�", "x", {"�": "�"})


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
)
JSON = (
    VALUES | st.lists(VALUES, max_size=2) | st.dictionaries(st.text(max_size=3), VALUES, max_size=2)
)
NAMES = st.sampled_from(["Action", "action", "Content", "RequestId", "Attributes", "Id", "UserId"])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, JSON, max_size=5), st.sampled_from(sorted(READERS)))
def test_any_object_becomes_a_request_or_a_refusal(fields: dict[str, object], action: str) -> None:
    frame = read(json.dumps(fields).encode())
    assert isinstance(frame, dict)
    answer = request_id_fault(frame) or READERS[action](frame, request_id_of(frame), 500)
    if isinstance(answer, Refusal):
        assert answer.code in {400, 413}
    orjson.dumps(answer.request_id)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    frame = read(payload)
    assert isinstance(frame, dict) or frame.code == 400
