"""Signatures, bodies and paths as a hostile or careless client sends them (spec 1 and 2)."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.clients.signing import ROOT, Answer, Signer, exchange
from tests.clients.world import World
from tests.server import Server

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def signer(server: Server, region: str) -> Signer:
    return Signer(server.port, region)


def error(answer: Answer) -> tuple[int, str]:
    """Status and error type of an answer that must be a well-formed error."""
    assert answer.headers["content-type"] == "application/json"
    assert UUID.fullmatch(answer.headers["x-amzn-requestid"])
    body = json.loads(answer.body)
    assert isinstance(body["message"], str)
    assert "Traceback" not in body["message"]
    return answer.status, answer.headers["x-amzn-errortype"]


def test_a_right_signature(signer: Signer) -> None:
    answer = signer.post("/CreateRoom", b"{}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert UUID.fullmatch(answer.headers["x-amzn-requestid"])


def test_no_authorization(server: Server) -> None:
    answer = exchange(server.port, "POST", "/CreateRoom", {}, b"{}")
    assert error(answer) == (403, "MissingAuthenticationTokenException")
    assert json.loads(answer.body)["message"] == "Missing Authentication Token"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic dXNlcjpwYXNz",
        "Bearer x",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=x",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=",
        "AWS4-HMAC-SHA256 Credential=AKIAHUBBUBTESTS00000/20260101/us-east-1/ivschat/aws4_request",
        "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 " + "x" * 5000,
        "AWS4-HMAC-SHA512 Credential=a/20260101/r/ivschat/aws4_request, SignedHeaders=host,"
        " Signature=00",
    ],
)
def test_unparsable_authorization(server: Server, value: str) -> None:
    answer = exchange(server.port, "POST", "/CreateRoom", {"Authorization": value}, b"{}")
    status, name = error(answer)
    assert status == 403
    assert name in ("IncompleteSignatureException", "MissingAuthenticationTokenException")


def test_an_unknown_key(server: Server, region: str) -> None:
    answer = Signer(server.port, region, key=("AKIANOBODY", "secret")).post("/CreateRoom", b"{}")
    assert error(answer) == (403, "UnrecognizedClientException")
    assert json.loads(answer.body)["message"] == (
        "The security token included in the request is invalid."
    )


def test_a_wrong_secret(server: Server, region: str) -> None:
    answer = Signer(server.port, region, key=(ROOT[0], "wrong")).post("/CreateRoom", b"{}")
    assert error(answer) == (403, "InvalidSignatureException")


def test_a_session_token_that_the_key_does_not_have(server: Server, region: str) -> None:
    signer = Signer(server.port, region, session_token="invented")
    answer = signer.post("/CreateRoom", b"{}")
    assert error(answer)[0] == 403


@pytest.mark.parametrize("minutes", [-16, 16, -60 * 24, 60 * 24])
def test_a_clock_that_is_wrong(server: Server, region: str, minutes: int) -> None:
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    answer = Signer(server.port, region, now=now).post("/CreateRoom", b"{}")
    assert error(answer) == (403, "InvalidSignatureException")


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_that_is_a_little_wrong(server: Server, region: str, minutes: int) -> None:
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    assert Signer(server.port, region, now=now).post("/CreateRoom", b"{}").status == 200


@pytest.mark.parametrize("service", ["s3", "execute-api", "chime", "IVSCHAT", ""])
def test_another_service(server: Server, region: str, service: str) -> None:
    answer = Signer(server.port, region, service=service).post("/CreateRoom", b"{}")
    assert error(answer)[0] == 403


def test_another_body(signer: Signer) -> None:
    headers = signer.headers("POST", "/CreateRoom", b'{"name":"a"}')
    answer = exchange(signer.port, "POST", "/CreateRoom", headers, b'{"name":"b"}')
    assert error(answer) == (403, "InvalidSignatureException")


def test_another_path_and_method(signer: Signer) -> None:
    headers = signer.headers("POST", "/ListRooms", b"{}")
    answer = exchange(signer.port, "POST", "/CreateRoom", headers, b"{}")
    assert error(answer) == (403, "InvalidSignatureException")


def test_a_signed_header_that_was_changed_or_dropped(signer: Signer) -> None:
    headers = signer.headers("POST", "/CreateRoom", b"{}", {"X-Extra": "1"})
    changed = headers | {"X-Extra": "2"}
    dropped = {name: value for name, value in headers.items() if name != "X-Extra"}
    for wrong in (changed, dropped):
        answer = exchange(signer.port, "POST", "/CreateRoom", wrong, b"{}")
        assert error(answer) == (403, "InvalidSignatureException")
    assert exchange(signer.port, "POST", "/CreateRoom", headers, b"{}").status == 200


def test_a_signature_cut_short_or_lengthened(signer: Signer) -> None:
    headers = signer.headers("POST", "/CreateRoom", b"{}")
    right = headers["Authorization"]
    for wrong in (right[:-1], right[:-32], right + "0", right[:-1] + "é", right.upper()):
        answer = exchange(
            signer.port, "POST", "/CreateRoom", headers | {"Authorization": wrong}, b"{}"
        )
        assert error(answer)[0] == 403


def test_a_hash_header_must_be_that_of_the_body(signer: Signer) -> None:
    right = hashlib.sha256(b"{}").hexdigest()
    for value, status in ((right, 200), ("0" * 64, 403)):
        headers = signer.headers("POST", "/CreateRoom", b"{}", {"X-Amz-Content-Sha256": value})
        assert exchange(signer.port, "POST", "/CreateRoom", headers, b"{}").status == status


def test_unsigned_payload_is_no_hash(signer: Signer) -> None:
    given = {"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}
    headers = signer.headers("POST", "/CreateRoom", b"{}", given)
    assert exchange(signer.port, "POST", "/CreateRoom", headers, b"{}").status == 403


def test_the_same_request_again(signer: Signer) -> None:
    """AWS takes a signed request as often as it comes within its time."""
    headers = signer.headers("POST", "/CreateRoom", b"{}")
    rooms = {
        json.loads(exchange(signer.port, "POST", "/CreateRoom", headers, b"{}").body)["arn"]
        for _ in range(2)
    }
    assert len(rooms) == 2


# --- presigned ------------------------------------------------------------------------------------


def test_presigned(signer: Signer, world: World) -> None:
    arn = world.room(tags={"a": "b"})
    path = "/tags/" + quote(arn, safe="")
    url = signer.presigned("GET", path, expires=60)
    answer = exchange(signer.port, "GET", url, {}, b"")
    assert (answer.status, json.loads(answer.body)) == (200, {"tags": {"a": "b"}})


def test_presigned_that_has_expired(server: Server, region: str, world: World) -> None:
    path = "/tags/" + quote(world.room(), safe="")
    then = datetime.now(UTC) - timedelta(minutes=10)
    signer = Signer(server.port, region, now=then)
    answer = exchange(server.port, "GET", signer.presigned("GET", path, expires=599), {}, b"")
    assert error(answer)[0] == 403
    answer = exchange(server.port, "GET", signer.presigned("GET", path, expires=700), {}, b"")
    assert answer.status == 200


def test_presigned_and_changed(signer: Signer, world: World) -> None:
    path = "/tags/" + quote(world.room(), safe="")
    url = signer.presigned("GET", path, expires=60)
    for wrong in (
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=x"),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=-60"),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=99999999999999999999"),
        re.sub("&X-Amz-Expires=60", "", url),
        url + "&tagKeys=x",
        url[:-2],
    ):
        answer = exchange(signer.port, "GET", wrong, {}, b"")
        assert error(answer)[0] == 403, wrong
    answer = exchange(signer.port, "DELETE", url, {}, b"")
    assert error(answer)[0] == 403


# --- paths and bodies -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/"),
        ("POST", "/createroom"),
        ("POST", "/CreateRoom/"),
        ("POST", "/CreateRoom/x"),
        ("POST", "//CreateRoom"),
        ("POST", "/Create%52oomX"),
        ("GET", "/tags"),
        ("GET", "/tags/"),
        ("POST", "/%00"),
        ("POST", "/%ff%fe"),
        ("POST", "/" + "x" * 4000),
    ],
)
def test_unknown_paths(signer: Signer, method: str, path: str) -> None:
    body = b"{}" if method == "POST" else b""
    answer = signer.request(method, path, body)
    status, name = error(answer)
    assert (status, name) in [
        (404, "UnknownOperationException"),
        (400, "ValidationException"),  # /tags/ has an empty ARN
        (400, "SerializationException"),  # not UTF-8
        (403, "InvalidSignatureException"),  # // is normalised by this signer
    ], (status, name)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method(signer: Signer, method: str) -> None:
    answer = signer.request(method, "/CreateRoom", b"")
    assert error(answer)[0] in (404, 405)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"1",
        b'"x"',
        b"null",
        b"\xff",
        b'{"name":1}',
        b'{"name":["x"]}',
        b'{"maximumMessageLength":"5"}',
        b'{"maximumMessageLength":5.5}',
        b'{"maximumMessageLength":true}',
        b'{"maximumMessageLength":1e400}',
        b'{"tags":[]}',
        b'{"tags":{"a":1}}',
        b'{"tags":{"a":null}}',
        b'{"messageReviewHandler":"x"}',
        b'{"loggingConfigurationIdentifiers":{}}',
        b'{"loggingConfigurationIdentifiers":[1]}',
        b'{"loggingConfigurationIdentifiers":[null]}',
        b'{"name":"\\ud800"}',
        b'{"tags":{"\\ud800":"x"}}',
        b'{"name":NaN}',
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"[" * 100_000,
    ],
    ids=lambda body: body[:48].decode("latin-1"),
)
def test_bodies_that_are_no_input(signer: Signer, body: bytes) -> None:
    answer = signer.post("/CreateRoom", body)
    if answer.status != 200:  # unknown or null members do no harm
        status, name = error(answer)
        assert status == 400
        assert name in ("SerializationException", "ValidationException")
    else:
        assert body in (b"null", b'{"tags":{"a":null}}') or body.startswith(b'{"a":')


def test_an_empty_body_is_no_input_at_all(signer: Signer) -> None:
    assert signer.post("/ListRooms", b"").status in (200, 400)


def test_unknown_members_are_ignored(signer: Signer) -> None:
    answer = signer.post("/CreateRoom", b'{"surprise":[1,{"x":null}],"name":"n"}')
    assert json.loads(answer.body)["name"] == "n"


def test_a_body_of_1_mib_passes_and_more_does_not(signer: Signer) -> None:
    padding = 1_048_576 - len(b'{"x":""}')
    assert signer.post("/ListRooms", b'{"x":"' + b"x" * padding + b'"}').status == 200
    answer = signer.post("/ListRooms", b'{"x":"' + b"x" * (padding + 1) + b'"}')
    assert error(answer) == (413, "RequestEntityTooLargeException")


def test_content_encodings_are_not_followed(signer: Signer) -> None:
    body = gzip.compress(b"{}")
    headers = signer.headers("POST", "/ListRooms", body) | {"Content-Encoding": "gzip"}
    assert error(exchange(signer.port, "POST", "/ListRooms", headers, body))[0] == 400


def test_a_chunked_body(signer: Signer) -> None:
    headers = signer.headers("POST", "/CreateRoom", b'{"name":"n"}')
    connection = http.client.HTTPConnection("127.0.0.1", signer.port, timeout=10)
    chunks = iter([b'{"na', b'me":', b'"n"}'])
    connection.request("POST", "/CreateRoom", chunks, headers, encode_chunked=True)
    response = connection.getresponse()
    assert json.loads(response.read())["name"] == "n"
    connection.close()


def test_many_requests_on_one_connection(signer: Signer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", signer.port, timeout=10)
    for n in range(20):
        body = json.dumps({"name": f"n{n}"}).encode()
        headers = signer.headers("POST", "/CreateRoom", body)
        connection.request("POST", "/CreateRoom", body, headers)
        response = connection.getresponse()
        answer: Any = json.loads(response.read())
        assert answer["name"] == f"n{n}"
        if n % 3 == 0:  # an error in between must not upset the connection
            connection.request("POST", "/CreateRoom", body, {})
            response = connection.getresponse()
            assert response.status == 403
            response.read()
    connection.close()


def test_browsers_may_call(server: Server) -> None:
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-amz-date,amz-sdk-request,"
        "amz-sdk-invocation-id,x-amz-user-agent,x-amz-content-sha256,x-amz-security-token",
    }
    answer = exchange(server.port, "OPTIONS", "/CreateRoom", asked, b"")
    assert answer.status in (200, 204)
    assert answer.headers["access-control-allow-origin"] in ("*", "https://app.example")
    allowed = answer.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert allowed == ["*"] or set(asked["Access-Control-Request-Headers"].split(",")) <= set(
        allowed
    )
    # An error, too, must be readable.
    answer = exchange(server.port, "POST", "/CreateRoom", {"Origin": asked["Origin"]}, b"{}")
    assert answer.headers["access-control-allow-origin"] in ("*", "https://app.example")
    assert "x-amzn-errortype" in answer.headers["access-control-expose-headers"].lower()
