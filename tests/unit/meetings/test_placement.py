"""Which host clients are told (chime-meetings A.5)."""

from __future__ import annotations

import pytest

from hubbub.meetings.placement import Placement
from hubbub.wire import Call
from tests.unit.desk import OURS, REGION
from tests.unit.meetings.desk import SOMEBODY


def urls(host: str | None, *, secure: bool = False, public_url: str = "") -> dict[str, str]:
    placement = Placement(public_url=public_url, own_host="127.0.0.1:4480", media_port=4478)
    headers = {} if host is None else {"host": host}
    call = Call("chime-sdk-meetings", "GetMeeting", OURS, REGION, "id", "", headers, secure)
    return placement.of(call, SOMEBODY)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:4480", "localhost"),
        ("meet.example.com", "meet.example.com"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("[2001:db8::1]:4480", "[2001:db8::1]"),
        ("[::1]", "[::1]"),
    ],
)
def test_the_host_of_the_call(host: str, name: str) -> None:
    found = urls(host)
    assert found["SignalingUrl"] == f"ws://{host}/control/{SOMEBODY}"
    assert found["AudioHostUrl"] == f"{name}:4478"
    assert len(found) == 8
    assert all(found.values())


@pytest.mark.parametrize(
    "host", [None, "", "a b", "evil.example/path", "x@y", "h:port", "h?q", "h#f", "[::1", "é"]
)
def test_our_own_where_the_call_names_none(host: str | None) -> None:
    assert urls(host)["SignalingUrl"] == f"ws://127.0.0.1:4480/control/{SOMEBODY}"


def test_tls_is_that_of_the_call() -> None:
    found = urls("meet.example.com", secure=True)
    assert found["SignalingUrl"] == f"wss://meet.example.com/control/{SOMEBODY}"
    assert found["EventIngestionUrl"] == "https://meet.example.com/v1/client-events"


def test_a_public_url_goes_before_all() -> None:
    found = urls("inside:4480", public_url="https://meet.example.com:8443")
    assert found["SignalingUrl"] == f"wss://meet.example.com:8443/control/{SOMEBODY}"
    assert found["AudioHostUrl"] == "meet.example.com:4478"
    found = urls("inside:4480", secure=True, public_url="http://meet.example.com")
    assert found["SignalingUrl"] == f"ws://meet.example.com/control/{SOMEBODY}"


def test_the_signalling_url_has_no_query_of_its_own() -> None:
    assert not set("?#") & set(urls("h")["SignalingUrl"])
