"""Lambda's Invoke API: what is sent and signed, what comes back, and a server that speaks it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3.session
import pytest
from moto.server import ThreadedMotoServer

from hubbub.functions.contract import FunctionAnswerInvalid, FunctionError, FunctionFailed
from tests.unit.functions.conftest import ARN, Opener
from tests.unit.functions.endpoint import Request, always, endpoint, json_answer

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token/1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def signature(request: Request, region: str) -> str:
    """SigV4 of a request as AWS documents it, from what arrived."""
    method, target, _ = request.line.split(" ")
    path, _, query = target.partition("?")
    signed = request.headers["authorization"].split("SignedHeaders=")[1].split(",")[0]
    lines = [f"{name}:{request.headers[name]}" for name in signed.split(";")]
    canonical = "\n".join(
        [
            method,
            path.replace("%", "%25"),
            query,
            *lines,
            "",
            signed,
            hashlib.sha256(request.body).hexdigest(),
        ]
    )
    at = request.headers["x-amz-date"]
    scope = f"{at[:8]}/{region}/lambda/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in [*scope.split("/"), text]:
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


@pytest.mark.parametrize("prefix", ["", "/lambda"])
@pytest.mark.parametrize(
    ("qualifier", "query"),
    [("", ""), (":live", "?Qualifier=live"), (":$LATEST", "?Qualifier=%24LATEST")],
)
async def test_signed_request(opened: Opener, prefix: str, qualifier: str, query: str) -> None:
    async with endpoint(always(json_answer(b'{"ReviewResult":"DENY"}'))) as served:
        functions = opened(**{"review" + qualifier: f"lambda:{served.url}{prefix}"})
        answer = await functions.invoke(ARN + qualifier, {"Content": "hé"}, 5)
        assert answer == {"ReviewResult": "DENY"}
        (request,) = served.requests
        assert request.line == (
            f"POST {prefix}/2015-03-31/functions/review/invocations{query} HTTP/1.1"
        )
        assert request.headers["x-amz-invocation-type"] == "RequestResponse"
        assert request.headers["x-amz-security-token"] == "token/1"
        assert json.loads(request.body) == {"Content": "hé"}
        authorization = request.headers["authorization"]
        assert authorization.endswith(f"Signature={signature(request, 'us-east-1')}")
        assert "Credential=AKIDEXAMPLE/" in authorization
        assert "x-amz-security-token" in authorization


async def test_a_new_request_is_signed_anew_on_the_same_connection(opened: Opener) -> None:
    async with endpoint(always(json_answer(b"1"))) as served:
        functions = opened(review=f"lambda:{served.url}")
        for number in range(3):
            await functions.invoke(ARN, {"Content": str(number)}, 5)
        assert served.connections == 1
        for request in served.requests:
            assert request.headers["authorization"].endswith(signature(request, "us-east-1"))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            json_answer(b'{"errorMessage":"boom"}', headers="X-Amz-Function-Error: Unhandled\r\n"),
            FunctionFailed,
        ),
        (
            json_answer(b"{}", "404 Not Found", "X-Amzn-ErrorType: ResourceNotFoundException\r\n"),
            FunctionFailed,
        ),
        (json_answer(b"{}", "429 Too Many Requests"), FunctionFailed),
        (json_answer(b"", "202 Accepted"), FunctionFailed),
        (json_answer(b"nonsense"), FunctionAnswerInvalid),
    ],
    ids=["function-error", "missing", "throttled", "accepted", "no-json"],
)
async def test_failures(opened: Opener, answer: bytes, error: type[FunctionError]) -> None:
    async with endpoint(always(answer)) as served:
        with pytest.raises(error):
            await opened(review=f"lambda:{served.url}").invoke(ARN, {}, 5)


async def test_without_credentials_calls_fail(
    opened: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    async with endpoint(always(json_answer(b"1"))) as served:
        functions = opened(review=f"lambda:{served.url}")
        for _ in range(2):
            with pytest.raises(FunctionFailed, match="credentials"):
                await functions.invoke(ARN, {}, 5)
        assert not served.requests


@pytest.fixture
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    config = urllib.request.Request(
        f"{url}/moto-api/config", data=b'{"lambda":{"use_docker":false}}', method="POST"
    )
    urllib.request.urlopen(config).close()
    yield url
    server.stop()


def create_function(url: str) -> None:
    session = boto3.session.Session(region_name="us-east-1")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("review.py", "def handler(event, context): return event")
    iam: Any = session.client("iam", endpoint_url=url)  # no types of IAM are installed
    client = session.client("lambda", endpoint_url=url)
    role = iam.create_role(RoleName="review", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client.create_function(
        FunctionName="review",
        Runtime="python3.11",
        Role=role,
        Handler="review.handler",
        Code={"ZipFile": code.getvalue()},
    )
    iam.close()
    client.close()


async def test_against_a_server_of_the_lambda_api(opened: Opener, moto_url: str) -> None:
    await asyncio.to_thread(create_function, moto_url)
    functions = opened(review=f"lambda:{moto_url}")
    event = {"Content": "hi", "Attributes": None}
    assert await functions.invoke(ARN, event, 10) == event  # its functions answer their events
