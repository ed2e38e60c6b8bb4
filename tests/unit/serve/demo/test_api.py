from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from hubbub.access.root import RootKey
from hubbub.serve.demo import demo_wanted, open_demo
from hubbub.settings import Limits, Settings
from tests.unit.desk import VirtualClock
from tests.unit.meetings.desk import SOMEBODY, Desk
from tests.wire.in_process import Response, exchange

ROOT = RootKey("AKIAROOT", "secret", "000000000000")
RECEIVE = {"Audio": "Receive", "Video": "Receive", "Content": "Receive"}


class Visitor:
    """A browser at the demo page of a server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.demo = open_demo(Settings(), ROOT, desk.meetings.service, {}, _elsewhere)

    def ask(self, method: str, target: str, given: Any = None, **headers: str) -> Response:
        path, _, query = target.partition("?")
        body = given if isinstance(given, bytes) else json.dumps(given).encode()
        sent = {"host": "127.0.0.1:4480", "content-type": "application/json"} | headers
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "scheme": "http",
            "headers": [
                (name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()
            ],
        }
        message = {"type": "http.request", "body": body, "more_body": False}
        return self.desk.run(exchange(self.demo, scope, [message]))

    def join(self, user: str, meeting: str = "standup", **more: Any) -> Any:
        answer = self.ask("POST", "/demo/api/join", {"meeting": meeting, "user": user} | more)
        assert answer.status == 200
        return answer.json


async def _elsewhere(scope: Any, receive: Any, send: Any) -> None:
    started: MutableMapping[str, Any] = {
        "type": "http.response.start",
        "status": 418,
        "headers": [],
    }
    await send(started)
    await send({"type": "http.response.body", "body": b""})


def bearer(joined: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {joined['Attendee']['JoinToken']}"}


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    desk = Desk(f"sqlite:///{tmp_path}/hubbub.db", tmp_path, Limits(), VirtualClock())
    yield Visitor(desk)
    desk.close()


def test_who_comes_first_is_the_host(visitor: Visitor) -> None:
    ada, bob = visitor.join("Ada"), visitor.join("Bob")
    assert (ada["host"], bob["host"]) == (True, False)
    assert ada["Meeting"] == bob["Meeting"]
    assert ada["Meeting"]["MediaPlacement"]["SignalingUrl"].startswith("ws://127.0.0.1:4480/")
    assert ada["Attendee"]["ExternalUserId"].startswith("Ada#")
    assert visitor.join("Ada", "other")["Meeting"]["MeetingId"] != ada["Meeting"]["MeetingId"]


def test_a_reloaded_page_is_the_same_attendee(visitor: Visitor) -> None:
    ada = visitor.join("Ada")
    known, token = ada["Attendee"]["AttendeeId"], ada["Attendee"]["JoinToken"]
    again = visitor.join("Ada", attendeeId=known, joinToken=token)
    assert again == ada
    for attendee, shown in ((known, "x"), (known, "é"), (SOMEBODY, token), ("x", token), (1, 2)):
        other = visitor.join("Ada", attendeeId=attendee, joinToken=shown)
        assert other["Attendee"]["AttendeeId"] != known


def test_the_host_comes_back_in_another_tab(visitor: Visitor) -> None:
    ada, bob = visitor.join("Ada"), visitor.join("Bob")
    assert "hostToken" not in bob
    again = visitor.join("Ada", hostToken=ada["hostToken"])
    assert again["Attendee"]["AttendeeId"] != ada["Attendee"]["AttendeeId"]
    assert (again["host"], again["hostToken"]) == (True, ada["hostToken"])
    for shown in (bob["Attendee"]["JoinToken"], "", "é", 7, None):
        assert visitor.join("Ada", hostToken=shown)["host"] is False
    given = {"meeting": ada["Meeting"]["MeetingId"]}
    own, hosts = bearer(again), {"authorization": f"Bearer {again['hostToken']}"}
    assert visitor.ask("POST", "/demo/api/end", given, **own).status == 403
    assert visitor.ask("POST", "/demo/api/end", given, **hosts).status == 204
    anew = visitor.join("Bob", hostToken=bob["Attendee"]["JoinToken"])
    assert anew["host"] is True
    assert visitor.join("Ada", hostToken=ada["hostToken"])["host"] is False


def test_attendees_are_told_to_attendees_without_their_tokens(visitor: Visitor) -> None:
    ada, bob = visitor.join("Ada"), visitor.join("Bob")
    path = f"/demo/api/attendees?meeting={ada['Meeting']['MeetingId']}"
    answer = visitor.ask("GET", path, **bearer(bob))
    assert [each["AttendeeId"] for each in answer.json["Attendees"]] == [
        ada["Attendee"]["AttendeeId"],
        bob["Attendee"]["AttendeeId"],
    ]
    assert "JoinToken" not in answer.body.decode()
    assert visitor.ask("GET", path).status == 401
    assert visitor.ask("GET", path, authorization="Basic x").status == 401
    assert visitor.ask("GET", path, authorization="Bearer x").status == 403


def test_more_attendees_than_a_page_holds(visitor: Visitor) -> None:
    ada = visitor.join("Ada")
    for number in range(101):
        visitor.join(f"Bob {number}")
    path = f"/demo/api/attendees?meeting={ada['Meeting']['MeetingId']}"
    assert len(visitor.ask("GET", path, **bearer(ada)).json["Attendees"]) == 102


def test_the_host_sets_capabilities(visitor: Visitor) -> None:
    ada, bob = visitor.join("Ada"), visitor.join("Bob")
    given = {
        "meeting": ada["Meeting"]["MeetingId"],
        "attendeeId": bob["Attendee"]["AttendeeId"],
        "capabilities": RECEIVE,
    }
    path = "/demo/api/capabilities"
    answer = visitor.ask("PUT", path, given, **bearer(ada))
    assert answer.json["Attendee"]["Capabilities"] == RECEIVE
    assert "JoinToken" not in answer.json["Attendee"]
    assert visitor.ask("PUT", path, given, **bearer(bob)).status == 403
    assert visitor.ask("PUT", path, given).status == 401
    for wrong in ({"capabilities": RECEIVE | {"Video": "None"}}, {"capabilities": 1}):
        refused = visitor.ask("PUT", path, given | wrong, **bearer(ada))
        assert (refused.status, refused.json["Code"]) == (400, "BadRequest")
    assert visitor.ask("PUT", path, given | {"attendeeId": 7}, **bearer(ada)).status == 400


def test_the_host_ends_and_transcribes(visitor: Visitor) -> None:
    ada, bob = visitor.join("Ada"), visitor.join("Bob")
    given = {"meeting": ada["Meeting"]["MeetingId"]}
    for on in (True, False):
        said = visitor.ask("POST", "/demo/api/transcription", given | {"on": on}, **bearer(ada))
        assert said.status == 204
    assert visitor.desk.told("transcribing")
    assert visitor.desk.told("silent")
    assert visitor.ask("POST", "/demo/api/end", given, **bearer(bob)).status == 403
    assert visitor.ask("POST", "/demo/api/end", given, **bearer(ada)).status == 204
    assert visitor.ask("POST", "/demo/api/end", given, **bearer(ada)).status == 404
    assert visitor.join("Ada")["Meeting"]["MeetingId"] != given["meeting"]


def test_meetings_that_others_made_are_none_of_its(visitor: Visitor) -> None:
    operations = visitor.demo._room({}, False)
    made = visitor.desk.run(
        operations._call(
            "POST",
            "/meetings",
            {"ClientRequestToken": "xx", "ExternalMeetingId": "yy", "MediaRegion": "us-east-1"},
        )
    )
    answer = visitor.ask("POST", "/demo/api/end", {"meeting": made["Meeting"]["MeetingId"]})
    assert answer.status == 404


def test_without_meetings_it_says_why(visitor: Visitor) -> None:
    visitor.desk.stage.reason = "install it"
    answer = visitor.ask("POST", "/demo/api/join", {"meeting": "x", "user": "y"})
    assert answer.status == 503
    assert "install it" in answer.json["Message"]


@pytest.mark.parametrize("name", ["", " x", "x ", "a" * 41, "<b>", "a:b", None, 1, "a\nb"])
def test_names_are_letters_and_a_little_more(visitor: Visitor, name: Any) -> None:
    for given in ({"meeting": name, "user": "x"}, {"meeting": "x", "user": name}):
        assert visitor.ask("POST", "/demo/api/join", given).status == 400


@pytest.mark.parametrize(
    ("method", "path", "given", "headers", "status"),
    [
        ("GET", "/demo/api/join", None, {}, 405),
        ("POST", "/demo/api/nothing", {}, {}, 404),
        ("POST", "/demo/api/join", b"{", {}, 400),
        ("POST", "/demo/api/join", [], {}, 400),
        ("POST", "/demo/api/join", {}, {"content_type": "text/plain"}, 415),
        ("POST", "/demo/api/join", {}, {"origin": "https://elsewhere.example"}, 403),
        ("POST", "/demo/api/join", b" " * 16_385, {}, 413),
        ("POST", "/demo/api/end", {"meeting": SOMEBODY}, {}, 404),
        ("GET", "/demo", None, {}, 308),
        ("GET", "/demonstration", None, {}, 418),
        ("GET", "/", None, {}, 418),
    ],
)
def test_other_requests(
    visitor: Visitor, *, method: str, path: str, given: Any, headers: dict[str, str], status: int
) -> None:
    assert visitor.ask(method, path, given, **headers).status == status


def test_requests_of_its_own_page_are_served(visitor: Visitor) -> None:
    given = {"meeting": "x", "user": "Zoë"}
    answer = visitor.ask("POST", "/demo/api/join", given, origin="http://127.0.0.1:4480")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("host", "demo", "wanted"),
    [
        ("127.0.0.1", None, True),
        ("[::1]", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, False),
        ("hubbub.example", None, False),
        ("0.0.0.0", True, True),
        ("127.0.0.1", False, False),
    ],
)
def test_there_is_a_demo_where_only_this_machine_reaches_it(
    host: str, demo: bool | None, wanted: bool
) -> None:
    assert demo_wanted(Settings(host=host, demo=demo)) is wanted
