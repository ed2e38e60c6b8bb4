"""Events that clients post (chime-meetings A.12)."""

from __future__ import annotations

import logging
from typing import Any

import orjson
import pytest

from hubbub.meetings import EVENTS_PATH, EventIngestion
from hubbub.store.contract import StoreUnavailable
from tests.unit.meetings.desk import Desk
from tests.wire.in_process import Request, Response, exchange

EVENTS: dict[str, Any] = {
    "metadata": {"sdkVersion": "3.32.0"},
    "events": [
        {"type": "Meet", "v": 1, "payloads": [{"name": "meetingStartRequested", "ts": 1}]},
    ],
}


def post(
    desk: Desk,
    body: bytes,
    *headers: tuple[str, str],
    query: str = "",
    method: str = "POST",
    pieces: int = 1,
) -> Response:
    application = EventIngestion(desk.meetings.directory)
    scope = Request(method, EVENTS_PATH + query, list(headers), body).scope()
    size = -(-len(body) // pieces) or 1
    messages = [
        {
            "type": "http.request",
            "body": body[start : start + size],
            "more_body": start + size < len(body),
        }
        for start in range(0, len(body) or 1, size)
    ]
    return desk.run(exchange(application, scope, messages))


def bearer(token: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {token}"


@pytest.fixture
def token(desk: Desk) -> str:
    made: str = desk.make_attendee(desk.make_meeting())["JoinToken"]
    return made


def test_events_are_taken(desk: Desk, token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hubbub.meetings")
    answer = post(desk, orjson.dumps(EVENTS), bearer(token), pieces=7)
    assert (answer.status, answer.json) == (200, {})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "client events" in caplog.text


def test_a_beacon_has_its_token_in_the_body(desk: Desk, token: str) -> None:
    for authorization in (token, f"Bearer {token}"):
        body = orjson.dumps(EVENTS | {"authorization": authorization})
        assert post(desk, body, query="?beacon=1").status == 200
        assert post(desk, body).status == 403
    assert post(desk, orjson.dumps(EVENTS), query="?beacon=1").status == 403


def test_the_preflight(desk: Desk) -> None:
    answer = post(desk, b"", method="OPTIONS")
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type"
    assert answer.headers["access-control-allow-methods"] == "POST"


def test_after_the_meeting_its_last_events_are_taken(desk: Desk, token: str) -> None:
    desk.client.delete_meeting(
        MeetingId=desk.told("created")[0][0].meeting_id,
    )
    assert post(desk, orjson.dumps(EVENTS), bearer(token)).status == 200


@pytest.mark.parametrize("wrong", ["", "nonsense", "x" * 64, "\xff"])
def test_strangers(desk: Desk, wrong: str) -> None:
    assert post(desk, orjson.dumps(EVENTS), bearer(wrong)).status == 403
    assert post(desk, orjson.dumps(EVENTS)).status == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'"x"', b"\xff", b"null"])
def test_what_cannot_be_read(desk: Desk, token: str, body: bytes) -> None:
    assert post(desk, body, bearer(token)).status == 400


@pytest.mark.parametrize("events", [None, 1, {}, [], [None]])
def test_events_of_any_form_are_taken(desk: Desk, token: str, events: Any) -> None:
    assert post(desk, orjson.dumps({"events": events}), bearer(token)).status == 200


def test_the_body_is_bounded(desk: Desk, token: str) -> None:
    padded = orjson.dumps(EVENTS)
    padded += b" " * ((64 << 10) - len(padded))
    assert post(desk, padded, bearer(token)).status == 200
    assert post(desk, padded + b" ", bearer(token)).status == 413
    announced = post(desk, b"", bearer(token), ("content-length", "999999999999"))
    assert announced.status == 413
    assert announced.headers["connection"] == "close"


def test_other_methods(desk: Desk) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert post(desk, b"", method=method).status == 405


def test_a_client_that_goes_away_gets_nothing(desk: Desk) -> None:
    application = EventIngestion(desk.meetings.directory)
    scope = Request("POST", EVENTS_PATH).scope()

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    desk.run(application(scope, receive, send))


def test_a_store_that_is_out_of_reach(desk: Desk, token: str) -> None:
    async def is_known(_: str) -> Any:
        raise StoreUnavailable("away")

    directory: Any = desk.meetings.directory
    directory.is_known = is_known
    assert post(desk, orjson.dumps(EVENTS), bearer(token)).status == 503


def test_it_is_for_http(desk: Desk) -> None:
    application: Any = EventIngestion(desk.meetings.directory)
    with pytest.raises(ValueError, match="websocket"):
        desk.run(application({"type": "websocket"}, None, None))
