"""What the front door does around operations: authentication, limits, browsers, faults."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import pytest

from hubbub.wire import (
    Call,
    Credentials,
    Failure,
    FieldListStyle,
    FrontDoor,
    Service,
    ServiceError,
    SignatureAuthenticator,
    TrustingAuthenticator,
    ValidationFailure,
    load_model,
)
from hubbub.wire.sigv4 import epoch_seconds
from tests.wire.in_process import (
    HOST,
    KEY,
    TEMPORARY,
    Keys,
    Request,
    Response,
    call,
    door,
    exchange,
)
from tests.wire.services import OWNED_ARNS, SERVICES

ROOM = "arn:aws:ivschat:us-west-2:123456789012:room/abC123dEf456"
SECRET_TEXT = "something of ours that nobody may see"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
IVSCHAT = load_model("ivschat", constraints={"ResourceArn": {"pattern": None}})


class StoreGone(Exception):
    """Stands for what a store raises when it cannot be reached."""


def ivschat(**handlers: Any) -> Service:
    return Service(model=IVSCHAT, errors=FieldListStyle(), handlers=handlers)


def get_room(body: bytes = b'{"identifier":"%s"}' % ROOM.encode()) -> Request:
    return Request("POST", "/GetRoom", [("Content-Type", "application/json")], body)


def list_tags() -> Request:
    return Request("GET", f"/tags/{quote(ROOM, safe='')}")


async def no_tags(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"tags": {}}


async def room(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"arn": params["identifier"], "createTime": 1_777_889_472_345_678, "name": None}


async def fail(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
    raise RuntimeError(SECRET_TEXT)


def answer(application: FrontDoor, request: Request) -> Response:
    response = call(application, request)
    assert UUID.fullmatch(response.headers["x-amzn-requestid"])
    assert response.headers["access-control-allow-origin"] == "*"
    exposed = response.headers["access-control-expose-headers"].lower()
    assert "x-amzn-requestid" in exposed
    assert "x-amzn-errortype" in exposed
    return response


def test_an_operation_gets_its_input_and_its_call() -> None:
    seen: list[Call] = []

    async def handler(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        seen.append(call)
        return await room(call, params)

    response = answer(door(ivschat(GetRoom=handler)), get_room().signed("ivschat"))

    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json == {"arn": ROOM, "createTime": "2026-05-04T10:11:12.345678Z"}
    (own,) = seen
    assert (own.service, own.operation, own.region) == ("ivschat", "GetRoom", "us-west-2")
    assert (own.account_id, own.source_ip) == ("123456789012", "192.0.2.7")
    assert own.request_id == response.headers["x-amzn-requestid"]
    assert own.headers["host"] == HOST


def test_an_operation_without_output_answers_204_with_nothing() -> None:
    async def delete(call: Call, params: Mapping[str, Any]) -> None:
        return None

    request = Request("POST", "/DeleteRoom", [], b'{"identifier":"%s"}' % ROOM.encode())

    response = answer(door(ivschat(DeleteRoom=delete)), request.signed("ivschat"))

    assert (response.status, response.body) == (204, b"")
    assert response.headers["content-type"] == "application/json"
    assert "content-length" not in response.headers


@pytest.mark.parametrize("expires", [None, 60])
@pytest.mark.parametrize("key", [KEY, TEMPORARY], ids=["long-term", "temporary"])
def test_both_forms_and_both_kinds_of_keys(key: Credentials, expires: int | None) -> None:
    signed = list_tags().signed("ivschat", key=key, expires=expires)

    assert answer(door(ivschat(ListTagsForResource=no_tags)), signed).json == {"tags": {}}


EXPIRED = Credentials("ASIAEXPIRED", "s", "123456789012", "arn:x", "token", expires_at=1.0)


def _with_header(name: str, change: Callable[[str], str | None]) -> Request:
    """A signed request, one header of which was changed (None: taken away) afterwards."""
    good = get_room().signed("ivschat")
    headers = {name: "", **dict(good.headers)}
    changed = change(headers.pop(name))
    kept = list(headers.items()) + ([(name, changed)] if changed is not None else [])
    return Request(good.method, good.target, kept, good.body)


def _with_payload_hash(value: str) -> Request:
    request = get_room()
    request.headers.append(("X-Amz-Content-SHA256", value))
    return request.signed("ivschat")


def _without_token() -> Request:
    good = get_room().signed("ivschat", key=TEMPORARY)
    headers = [each for each in good.headers if each[0] != "X-Amz-Security-Token"]
    return Request(good.method, good.target, headers, good.body)


def _with_other_body() -> Request:
    good = get_room().signed("ivschat")
    return Request(good.method, good.target, good.headers, good.body + b" ")


def _authorization(change: Callable[[str], str | None]) -> Request:
    return _with_header("Authorization", change)


REFUSALS: dict[str, tuple[Callable[[], Request], str]] = {
    "no authorization": (
        lambda: _authorization(lambda value: None),
        "MissingAuthenticationTokenException",
    ),
    "other scheme": (
        lambda: _authorization(lambda value: "Bearer abc"),
        "IncompleteSignatureException",
    ),
    "no signature": (
        lambda: _authorization(lambda value: value.partition(", Signature")[0]),
        "IncompleteSignatureException",
    ),
    "no date": (
        lambda: _with_header("X-Amz-Date", lambda value: None),
        "IncompleteSignatureException",
    ),
    "unreadable date": (
        lambda: _with_header("X-Amz-Date", lambda value: value.replace("T", " ")),
        "IncompleteSignatureException",
    ),
    "truncated signature": (
        lambda: _authorization(lambda value: value[:-1]),
        "InvalidSignatureException",
    ),
    "empty signature": (
        lambda: _authorization(lambda value: value[:-64]),
        "InvalidSignatureException",
    ),
    "other region": (
        lambda: _authorization(lambda value: value.replace("us-west-2", "us-east-1")),
        "InvalidSignatureException",
    ),
    "region that is none": (
        lambda: get_room().signed("ivschat", region="a:b"),
        "InvalidSignatureException",
    ),
    "unknown key": (
        lambda: _authorization(lambda value: value.replace("AKIDEXAMPLE", "AKIDOTHER")),
        "UnrecognizedClientException",
    ),
    "token for a key without": (
        lambda: _with_header("X-Amz-Security-Token", lambda value: "token"),
        "UnrecognizedClientException",
    ),
    "token missing": (_without_token, "UnrecognizedClientException"),
    "body replaced": (_with_other_body, "InvalidSignatureException"),
    "unsigned payload": (
        lambda: _with_payload_hash("UNSIGNED-PAYLOAD"),
        "InvalidSignatureException",
    ),
    "hash of another body": (lambda: _with_payload_hash("0" * 64), "InvalidSignatureException"),
    "other service": (lambda: get_room().signed("chime"), "InvalidSignatureException"),
    "expired key": (
        lambda: get_room().signed("ivschat", key=EXPIRED),
        "ExpiredTokenException",
    ),
}


@pytest.mark.parametrize(("make", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_signatures(make: Callable[[], Request], code: str) -> None:
    application = FrontDoor(
        [ivschat(GetRoom=fail)], SignatureAuthenticator(Keys(KEY, TEMPORARY, EXPIRED))
    )

    response = answer(application, make())

    assert (response.status, response.error_type) == (403, code)
    assert list(response.json) == ["message"]


@pytest.mark.parametrize(
    ("offset", "accepted"), [(-901, False), (-899, True), (899, True), (901, False)]
)
def test_fifteen_minutes_of_skew(offset: int, accepted: bool) -> None:
    signed = get_room().signed("ivschat")
    signed_at = epoch_seconds(dict(signed.headers)["X-Amz-Date"])
    authenticator = SignatureAuthenticator(Keys(), clock=lambda: signed_at + offset)

    response = answer(FrontDoor([ivschat(GetRoom=room)], authenticator), signed)

    if accepted:
        assert response.status == 200
    else:
        assert (response.status, response.error_type) == (403, "InvalidSignatureException")


def test_a_presigned_request_ends_with_its_time() -> None:
    signed = list_tags().signed("ivschat", expires=60)
    date = re.search(r"X-Amz-Date=(\w+)", signed.target)
    assert date
    statuses = [
        answer(
            FrontDoor(
                [ivschat(ListTagsForResource=no_tags)],
                SignatureAuthenticator(Keys(), clock=lambda at=at: at),  # type: ignore[misc]
            ),
            signed,
        ).status
        for at in (epoch_seconds(date[1]) + 60.0, epoch_seconds(date[1]) + 61.0)
    ]

    assert statuses == [200, 403]


def test_a_trusting_door_takes_region_and_service_from_the_claim() -> None:
    stranger = Credentials("AKIDSTRANGER", "whatever", "", "")
    application = FrontDoor([ivschat(GetRoom=room)], TrustingAuthenticator(lambda claim: KEY))

    assert answer(application, get_room().signed("ivschat", key=stranger)).status == 200
    assert answer(application, get_room()).error_type == "MissingAuthenticationTokenException"
    assert answer(application, get_room().signed("chime")).status == 403


@pytest.mark.parametrize(
    ("method", "target", "service", "status", "spelling"),
    [
        ("POST", "/NoSuchOperation", "ivschat", 404, "message"),
        ("GET", "/GetRoom", "ivschat", 404, "message"),
        ("POST", "/getroom", "ivschat", 404, "message"),
        ("POST", "/GetRoom/", "ivschat", 404, "message"),
        ("POST", "//GetRoom", "ivschat", 404, "message"),
        ("GET", "/no/such/path", "chime", 404, "Message"),
        ("PATCH", "/app-instances", "chime", 405, "Message"),
        ("HEAD", "/channels", "chime", 405, "Message"),
        ("POST", "/tags?operation=no-such", "chime", 405, "Message"),
        ("GET", "/", "s3", 404, "message"),
    ],
)
def test_unknown_operations(
    method: str, target: str, service: str, status: int, spelling: str
) -> None:
    response = answer(door(*SERVICES), Request(method, target).signed(service))

    assert (response.status, response.error_type) == (status, "UnknownOperationException")
    assert spelling in response.json


def test_an_unsigned_request_learns_nothing_of_paths() -> None:
    for target in ("/GetRoom", "/no/such/path"):
        response = answer(door(*SERVICES), Request("POST", target))
        assert response.error_type == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("service", OWNED_ARNS)
def test_tags_go_to_the_service_that_owns_the_arn(service: str) -> None:
    request = Request("GET", f"/tags?arn={quote(OWNED_ARNS[service], safe='')}")

    response = answer(door(*SERVICES), request.signed("chime"))

    assert response.status == 501
    assert f"ListTagsForResource of {service} " in response.json["Message"]


def test_preflights_need_no_signature() -> None:
    asked = "authorization,content-type,x-amz-date,x-new-header"
    request = Request(
        "OPTIONS",
        "/CreateRoom",
        [
            ("origin", "https://app.example"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", asked),
        ],
    )

    response = answer(door(*SERVICES), request)

    assert response.status == 200
    assert response.body == b""
    assert response.headers["access-control-allow-headers"] == asked
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert method in response.headers["access-control-allow-methods"]


def test_preflights_do_not_repeat_header_injections() -> None:
    request = Request("OPTIONS", "/", [("access-control-request-headers", "a\r\nset-cookie: b")])

    allowed = answer(door(*SERVICES), request).headers["access-control-allow-headers"]

    assert "cookie" not in allowed
    assert "authorization" in allowed


def _declared(length: int, *more: tuple[str, str]) -> Mapping[str, Any]:
    return Request("POST", "/GetRoom", [("content-length", str(length)), *more]).scope()


async def _receive(application: FrontDoor, chunks: list[bytes]) -> tuple[Response, int]:
    """Send chunks; the answer, and how many were asked for."""
    asked = 0

    def messages() -> Any:
        nonlocal asked
        for index, chunk in enumerate(chunks):
            asked += 1
            yield {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}

    scope = Request("POST", "/GetRoom").scope()
    return await exchange(application, scope, messages()), asked


def test_bodies_over_one_mebibyte_are_refused() -> None:
    limit = 1 << 20
    small, _ = asyncio.run(_receive(door(ivschat()), [b"x" * limit]))
    large, _ = asyncio.run(_receive(door(ivschat()), [b"x" * limit, b"x"]))

    assert small.error_type == "MissingAuthenticationTokenException"
    assert (large.status, large.error_type) == (413, "RequestEntityTooLargeException")
    assert "connection" not in large.headers


def test_endless_bodies_are_not_read_to_their_end() -> None:
    response, asked = asyncio.run(_receive(door(ivschat()), [b"x" * (1 << 20)] * 1000))

    assert response.status == 413
    assert response.headers["connection"] == "close"
    assert asked < 10


@pytest.mark.parametrize(
    ("length", "more"),
    [(1 << 30, ()), (2 << 20, (("expect", "100-continue"),)), (10**40, ())],
)
def test_announced_large_bodies_are_not_asked_for(
    length: int, more: tuple[tuple[str, str], ...]
) -> None:
    response = asyncio.run(exchange(door(ivschat()), _declared(length, *more), []))

    assert response.status == 413


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    async def never() -> Response:
        sent: list[Any] = []

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await door(ivschat(), body_seconds=0.01)(_declared(10), receive, send)  # type: ignore[arg-type]
        return Response(sent[0]["status"], {}, sent[1]["body"])

    assert asyncio.run(never()).status == 408


def test_nothing_is_answered_to_a_client_that_left() -> None:
    async def leave() -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await door(ivschat())(_declared(10), receive, send)  # type: ignore[arg-type]
        return sent

    assert asyncio.run(leave()) == []


def test_faults_are_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = answer(door(ivschat(GetRoom=fail)), get_room().signed("ivschat"))

    assert (response.status, response.error_type) == (500, "InternalFailure")
    assert SECRET_TEXT.encode() not in response.body
    (record,) = caplog.records
    assert record.exc_info
    assert record.__dict__["request_id"] == response.headers["x-amzn-requestid"]
    assert "GetRoom" in record.getMessage()


def test_errors_of_meetings_tell_the_request_id_in_their_body_too() -> None:
    response = answer(door(*SERVICES), Request("GET", "/meetings/x").signed("chime"))

    assert (response.status, response.error_type) == (400, "BadRequestException")
    assert response.json["RequestId"] == response.headers["x-amzn-requestid"]


def test_faults_take_the_name_that_the_operation_declares() -> None:
    untag = Request("DELETE", f"/tags/{ROOM.replace('/', '%2F')}?tagKeys=a").signed("ivschat")
    assert answer(door(ivschat(UntagResource=fail)), untag).error_type == "InternalServerException"

    identity = SERVICES[1]
    broken = Service(
        model=identity.model, errors=identity.errors, handlers={"ListAppInstances": fail}
    )
    response = answer(door(broken), Request("GET", "/app-instances").signed("chime"))
    assert (response.status, response.error_type) == (500, "ServiceFailureException")
    assert response.json["Code"] == "ServiceFailure"


def test_a_result_that_cannot_be_written_is_a_fault_of_ours() -> None:
    async def handler(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"name": object()}

    response = answer(door(ivschat(GetRoom=handler)), get_room().signed("ivschat"))

    assert (response.status, response.error_type) == (500, "InternalFailure")


def test_faults_of_the_key_store_are_ours_too() -> None:
    class Broken:
        async def find(self, access_key_id: str, session_token: str | None) -> Credentials | None:
            raise RuntimeError(SECRET_TEXT)

    application = FrontDoor([ivschat(GetRoom=room)], SignatureAuthenticator(Broken()))

    response = answer(application, get_room().signed("ivschat"))

    assert (response.status, response.error_type) == (500, "InternalFailure")
    assert SECRET_TEXT.encode() not in response.body


def test_what_is_unavailable_answers_503() -> None:
    async def handler(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        raise StoreGone(SECRET_TEXT)

    def unavailable() -> ServiceError:
        return ServiceError("ServiceUnavailableException", "Try again.", status=503)

    application = door(ivschat(GetRoom=handler), unavailable={StoreGone: unavailable})

    response = answer(application, get_room().signed("ivschat"))

    assert (response.status, response.error_type) == (503, "ServiceUnavailableException")
    assert response.json == {"message": "Try again."}


def test_errors_of_operations_take_their_status_from_the_model() -> None:
    async def handler(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ServiceError(
            "ServiceQuotaExceededException",
            "No more.",
            members={"resourceId": "a", "resourceType": "ROOM", "limit": 3},
        )

    response = answer(
        door(ivschat(CreateRoom=handler)), Request("POST", "/CreateRoom").signed("ivschat")
    )

    assert (response.status, response.error_type) == (402, "ServiceQuotaExceededException")
    assert response.json == {
        "message": "No more.",
        "resourceId": "a",
        "resourceType": "ROOM",
        "limit": 3,
    }


def test_operations_may_find_input_invalid_themselves() -> None:
    async def handler(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ValidationFailure([Failure("uri", "invalid lambda permission"), Failure("name", "x")])

    response = answer(door(ivschat(GetRoom=handler)), get_room().signed("ivschat"))

    assert (response.status, response.error_type) == (400, "ValidationException")
    assert response.json["message"].startswith(
        "Request member: uri failed to satisfy the constraints: invalid lambda permission"
    )
    assert response.json["reason"] == "FIELD_VALIDATION_FAILED"
    assert response.json["fieldList"] == [
        {"name": "uri", "message": "invalid lambda permission"},
        {"name": "name", "message": "x"},
    ]


def test_authorize_comes_after_validation_and_before_the_operation() -> None:
    def deny(service: Service, call: Call, params: Mapping[str, Any]) -> None:
        raise ServiceError(
            "AccessDeniedException", f"no {call.operation} of {params['identifier']}"
        )

    application = door(ivschat(GetRoom=fail), authorize=deny)

    denied = answer(application, get_room().signed("ivschat"))
    invalid = answer(application, get_room(b'{"identifier":"x"}').signed("ivschat"))

    assert (denied.status, denied.error_type) == (403, "AccessDeniedException")
    assert denied.json == {"message": f"no GetRoom of {ROOM}"}
    assert invalid.error_type == "ValidationException"


def test_all_failures_are_told_at_once() -> None:
    body = b'{"name":"a b","maximumMessageLength":501,"tags":{"":"x"}}'

    response = answer(door(ivschat()), Request("POST", "/CreateRoom", [], body).signed("ivschat"))

    assert response.json["fieldList"] == [
        {"name": "name", "message": "must match the pattern [a-zA-Z0-9-_]*"},
        {"name": "maximumMessageLength", "message": "must be between 1 and 500"},
        {"name": "tags.key", "message": "must have a length between 1 and 128"},
    ]


def test_repeated_and_oddly_spelled_headers_verify() -> None:
    request = get_room()
    request.headers += [("X-Odd", "  a   b "), ("X-Latin", "é")]
    signed = request.signed("ivschat")
    headers = [(name.upper(), value) for name, value in reversed(signed.headers)]

    response = answer(
        door(ivschat(GetRoom=room)), Request(signed.method, signed.target, headers, signed.body)
    )

    assert response.status == 200


def test_services_with_handlers_for_unknown_operations_are_refused() -> None:
    with pytest.raises(ValueError, match="NoSuchOperation"):
        ivschat(NoSuchOperation=fail)
