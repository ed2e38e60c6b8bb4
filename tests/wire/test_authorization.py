"""Callers with limits: what a call demands, and how a denial is worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hubbub.wire import (
    Call,
    CodeMessageStyle,
    Demand,
    ErrorStyle,
    FieldListStyle,
    FrontDoor,
    Service,
    SignatureAuthenticator,
    load_model,
)
from tests.wire.in_process import KEY, Keys, Request, Response, call

ROOM = "arn:aws:ivschat:us-west-2:123456789012:room/abC123dEf456"
LABEL = "arn%3Aaws%3Achime%3Aus-west-2%3A123456789012%3Aapp-instance%2Fa"


@dataclass
class Only:
    """Allows some actions, and keeps what it was asked."""

    actions: Sequence[str]
    asked: list[tuple[str, str]]

    async def allow(self, call: Call, demand: Demand) -> bool:
        self.asked.append((demand.action, demand.resource))
        return demand.action in self.actions


async def done(call: Call, params: Mapping[str, Any]) -> None:
    return None


def answer(service: Service, request: Request, allowed: Only | None) -> Response:
    limited = replace(KEY, arn="arn:aws:iam::123456789012:user/kim", permissions=allowed)
    door = FrontDoor([service], SignatureAuthenticator(Keys(limited)))
    return call(door, request.signed(service.signing_name))


def ivschat(**more: Any) -> Service:
    model = load_model("ivschat")
    return Service(model=model, errors=FieldListStyle(), handlers={"DeleteRoom": done}, **more)


def delete_room(identifier: str = ROOM) -> Request:
    return Request("POST", "/DeleteRoom", [], b'{"identifier":"%s"}' % identifier.encode())


def both(call: Call, params: dict[str, Any]) -> Sequence[Demand]:
    return [Demand("ivschat:DeleteRoom", params["identifier"]), Demand("ivschat:Sweep", "*")]


def test_every_demand_has_to_be_allowed() -> None:
    service = ivschat(demands=both)
    allowed = Only(["ivschat:DeleteRoom", "ivschat:Sweep"], [])
    assert answer(service, delete_room(), allowed).status == 204
    assert allowed.asked == [("ivschat:DeleteRoom", ROOM), ("ivschat:Sweep", "*")]

    denied = answer(service, delete_room(), Only(["ivschat:DeleteRoom"], []))
    assert (denied.status, denied.error_type) == (403, "AccessDeniedException")
    assert denied.json == {
        "message": "User: arn:aws:iam::123456789012:user/kim is not authorized to perform:"
        " ivschat:Sweep on resource: *"
    }


def test_callers_without_limits_are_not_asked() -> None:
    def demands(call: Call, params: dict[str, Any]) -> Sequence[Demand]:
        raise AssertionError

    assert answer(ivschat(demands=demands), delete_room(), None).status == 204


def test_constraints_come_first() -> None:
    response = answer(ivschat(demands=both), delete_room("x"), Only([], []))
    assert (response.status, response.error_type) == (400, "ValidationException")


def test_a_service_that_says_nothing_demands_its_operations() -> None:
    allowed = Only(["ivschat:DeleteRoom"], [])
    assert answer(ivschat(), delete_room(), allowed).status == 204
    assert allowed.asked == [("ivschat:DeleteRoom", "*")]
    assert answer(ivschat(), delete_room(), Only([], [])).status == 403


def chime(name: str, style: ErrorStyle) -> Service:
    return Service(model=load_model(name), errors=style)


def test_denials_in_the_words_of_chime() -> None:
    request = Request("GET", f"/app-instances/{LABEL}")
    response = answer(chime("chime-sdk-identity", CodeMessageStyle()), request, Only([], []))
    assert (response.status, response.error_type) == (403, "ForbiddenException")
    assert response.json == {
        "Code": "AccessDenied",
        "Message": "User: arn:aws:iam::123456789012:user/kim is not authorized to perform:"
        " chime:DescribeAppInstance on resource: *",
    }


def test_what_is_not_implemented_is_denied_first() -> None:
    request = Request("GET", f"/app-instances/{LABEL}")
    service = chime("chime-sdk-identity", CodeMessageStyle())
    assert answer(service, request, Only(["chime:DescribeAppInstance"], [])).status == 501
