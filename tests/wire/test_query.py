"""The query protocol through the front door, with a service made up for the purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.wire import Call, FieldListStyle, QueryStyle, Service, compile_model, load_model
from hubbub.wire.query.requests import MOST_PARAMETERS
from tests.wire.in_process import Request, Response, call, door

NAMESPACE = "https://things.example/doc/2020-01-01/"
SHAPES: dict[str, Any] = {
    "Everything": {
        "type": "structure",
        "required": ["Name"],
        "members": {
            "Name": {"shape": "Name"},
            "Size": {"shape": "Size"},
            "Live": {"shape": "Live"},
            "When": {"shape": "When"},
            "Data": {"shape": "Data"},
            "Tags": {"shape": "Tags"},
            "Flat": {"shape": "Flat", "locationName": "F"},
            "Map": {"shape": "Map"},
            "Inner": {"shape": "Everything"},
        },
    },
    "Name": {"type": "string", "min": 2, "max": 8},
    "Size": {"type": "integer", "min": 1, "max": 9},
    "Live": {"type": "boolean"},
    "When": {"type": "timestamp"},
    "Data": {"type": "blob"},
    "Tag": {
        "type": "structure",
        "required": ["Key"],
        "members": {"Key": {"shape": "Name"}, "Value": {"shape": "Text"}},
    },
    "Text": {"type": "string"},
    "Tags": {"type": "list", "member": {"shape": "Tag"}, "max": 12},
    "Flat": {"type": "list", "member": {"shape": "Text"}, "flattened": True},
    "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Size"}, "max": 2},
}
MODEL = compile_model(
    {
        "metadata": {
            "endpointPrefix": "things",
            "protocol": "query",
            "apiVersion": "2020-01-01",
            "xmlNamespace": NAMESPACE,
        },
        "shapes": SHAPES,
        "operations": {
            "Echo": {
                "http": {"method": "POST", "requestUri": "/"},
                "input": {"shape": "Everything"},
                "output": {"shape": "Everything", "resultWrapper": "EchoResult"},
            },
            "Nothing": {"http": {"method": "POST", "requestUri": "/"}},
            "Later": {"http": {"method": "POST", "requestUri": "/"}},
        },
    }
)
FORM = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
ACTION = {"Action": "Echo", "Version": "2020-01-01"}


async def echo(call: Call, params: dict[str, Any]) -> Mapping[str, Any]:
    return params


async def nothing(call: Call, params: dict[str, Any]) -> None:
    assert params == {}


THINGS = Service(model=MODEL, errors=QueryStyle(), handlers={"Echo": echo, "Nothing": nothing})
CHAT = Service(model=load_model("ivschat"), errors=FieldListStyle())
DOOR = door(CHAT, THINGS)


def form(*pairs: tuple[str, str], action: Mapping[str, str] = ACTION) -> Request:
    return Request("POST", "/", list(FORM), urlencode([*action.items(), *pairs]).encode())


def tell(*pairs: tuple[str, str], action: Mapping[str, str] = ACTION) -> Response:
    return call(DOOR, form(*pairs, action=action).signed("things"))


def read(response: Response) -> Any:
    """The XML as dictionaries and lists of texts."""
    assert response.headers["content-type"] == "text/xml"

    def value(element: ElementTree.Element) -> Any:
        assert element.tag.startswith(f"{{{NAMESPACE}}}")
        children = [(each.tag.partition("}")[2], value(each)) for each in element]
        if not children:
            return element.text or ""
        if len({name for name, _ in children}) < len(children):
            return children
        return dict(children)

    return value(ElementTree.fromstring(response.body))


def error(response: Response) -> tuple[int, str, str]:
    content = read(response)
    assert content["RequestId"] == response.headers["x-amzn-requestid"]
    assert content["Error"]["Type"] == ("Sender" if response.status < 500 else "Receiver")
    return response.status, content["Error"]["Code"], content["Error"]["Message"]


def test_every_kind_of_member_goes_there_and_back() -> None:
    response = tell(
        ("Name", "a+ & <c>"),
        ("Size", "9"),
        ("Live", "true"),
        ("When", "2026-05-04T10:11:12Z"),
        ("Data", "aGk="),
        ("Tags.member.2.Key", "two"),
        ("Tags.member.10.Key", "ten"),
        ("Tags.member.1.Key", "one"),
        ("Tags.member.1.Value", "é"),
        ("F.1", "x"),
        ("F.2", "y"),
        ("Map.entry.1.key", "k"),
        ("Map.entry.1.value", "3"),
        ("Inner.Name", "in"),
        ("Unknown.member.1", "x"),
        ("a" + ".a" * 10_000, "deep"),
    )
    assert response.status == 200
    content = read(response)
    assert content["ResponseMetadata"] == {"RequestId": response.headers["x-amzn-requestid"]}
    assert content["EchoResult"] == [
        ("Name", "a+ & <c>"),
        ("Size", "9"),
        ("Live", "true"),
        ("When", "2026-05-04T10:11:12Z"),
        ("Data", "aGk="),
        (
            "Tags",
            [
                ("member", {"Key": "one", "Value": "é"}),
                ("member", {"Key": "two"}),
                ("member", {"Key": "ten"}),
            ],
        ),
        ("F", "x"),
        ("F", "y"),
        ("Map", {"entry": {"key": "k", "value": "3"}}),
        ("Inner", {"Name": "in"}),
    ]


def test_an_operation_without_members() -> None:
    response = tell(action=ACTION | {"Action": "Nothing"})
    assert response.status == 200
    assert read(response).keys() == {"ResponseMetadata"}


def test_parameters_may_stand_in_a_signed_url() -> None:
    query = urlencode([*ACTION.items(), ("Name", "abc")])
    request = Request("GET", "/?" + query).signed("things", expires=60)
    assert read(call(DOOR, request))["EchoResult"] == {"Name": "abc"}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (
            [],
            "1 validation error detected: Value at 'name' failed to satisfy constraint: Member"
            " must not be null",
        ),
        (
            [("Name", "a"), ("Size", "0")],
            "2 validation errors detected: Value at 'name' failed to satisfy constraint: Member"
            " must have a length between 2 and 8; Value at 'size' failed to satisfy constraint:"
            " Member must be between 1 and 9",
        ),
        (
            [("Name", "abc"), ("Tags.member.1.Value", "x")],
            "1 validation error detected: Value at 'tags.1.Key' failed to satisfy constraint:"
            " Member must not be null",
        ),
        ([("Name", "abc"), ("Size", "x")], "Size must be an integer"),
        ([("Name", "abc"), ("Size.x", "1")], "Size must be a single value"),
        (
            [
                ("Name", "abc"),
                *((f"Map.entry.{n}.key", f"{n}") for n in range(3)),
                *((f"Map.entry.{n}.value", "1") for n in range(3)),
            ],
            "1 validation error detected: Value at 'map' failed to satisfy constraint: Member must"
            " have at most 2 entries",
        ),
    ],
)
def test_invalid_input(pairs: list[tuple[str, str]], message: str) -> None:
    assert error(tell(*pairs)) == (400, "ValidationError", message)


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"Action": "Echo"},
        {"Action": "Echo", "Version": "2020-01-02"},
        {"Action": "Ech\x01o", "Version": "2020-01-01"},
        {"Version": "2020-01-01"},
    ],
)
def test_actions_that_there_are_not(action: Mapping[str, str]) -> None:
    assert error(tell(("Name", "abc"), action=action))[:2] == (400, "InvalidAction")


def test_what_is_not_implemented() -> None:
    assert error(tell(action=ACTION | {"Action": "Later"}))[:2] == (501, "NotImplemented")


def test_bodies_that_are_no_form() -> None:
    request = form(("Name", "abc"))
    request.headers = [("Content-Type", "application/json")]
    assert error(call(DOOR, request.signed("things")))[:2] == (400, "InvalidAction")
    for body in (b"Action=%ff", b"&" * MOST_PARAMETERS, b"\xff=\xfe"):
        request = Request("POST", "/", list(FORM), body)
        status, code, _ = error(call(DOOR, request.signed("things")))
        assert (status, code) in {(400, "ValidationError"), (400, "InvalidAction")}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (form(), "MissingAuthenticationToken"),
        (Request("GET", "/?Action=Echo"), "MissingAuthenticationToken"),
        (
            Request("POST", "/", [*FORM, ("Authorization", "AWS4-HMAC-SHA256 x")]),
            "IncompleteSignature",
        ),
        (form().signed("ivschat"), "SignatureDoesNotMatch"),
        (
            Request(form().method, "/", form().signed("things").headers, b"Action=Nothing"),
            "SignatureDoesNotMatch",
        ),
    ],
)
def test_who_is_not_authenticated_reads_xml(request_: Request, code: str) -> None:
    assert error(call(DOOR, request_))[:2] == (403, code)


def test_other_services_stay_as_they_are() -> None:
    unsigned = call(DOOR, Request("POST", "/"))
    assert (unsigned.status, unsigned.error_type) == (403, "MissingAuthenticationTokenException")
    room = call(DOOR, Request("POST", "/GetRoom", list(FORM), b"Action=Echo").signed("things"))
    assert (room.status, room.error_type) == (403, "InvalidSignatureException")
    root = call(DOOR, Request("POST", "/").signed("ivschat"))
    assert (root.status, root.error_type) == (404, "UnknownOperationException")
    without = call(door(CHAT), form())
    assert (without.status, without.error_type) == (403, "MissingAuthenticationTokenException")


names = st.sampled_from(
    ["Name", "Tags", "member", "1", "2", "Key", "F", "Map", "entry", "", "Inner"]
)
paths = st.lists(names, max_size=6).map(".".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(paths, st.text(max_size=5)), max_size=8))
def test_arbitrary_forms(pairs: list[tuple[str, str]]) -> None:
    body = "&".join(
        f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs if value.isprintable()
    )
    request = Request("POST", "/", list(FORM), f"{urlencode(ACTION)}&{body}".encode())
    response = call(DOOR, request.signed("things"))
    assert response.status in (200, 400)
    ElementTree.fromstring(response.body)
