"""boto3 without a network: its requests go to a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from hubbub.wire import Credentials
from tests.wire.in_process import HOST, Request, Response


@dataclass
class _Body:
    """The body of a response, as botocore wants to read it."""

    content: bytes

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.content


def client_of(
    service: str,
    ask: Callable[[Request], Response],
    *,
    key: Credentials,
    region: str,
    parameter_validation: bool = True,
) -> Any:
    """A client of the service that asks once, and `ask`."""

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        parts = urlsplit(request.url)
        given: Any = request.headers
        headers = [
            (name, value.decode() if isinstance(value, bytes) else str(value))
            for name, value in given.items()
        ]
        content: Any = request.body or b""
        body = content.encode() if isinstance(content, str) else bytes(content)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        response = ask(Request(str(request.method), target, [("host", HOST), *headers], body))
        answer: Any = AWSResponse
        made: AWSResponse = answer(
            request.url, response.status, response.headers, _Body(response.body)
        )
        return made

    make: Any = boto3.client
    client = make(
        service,
        endpoint_url=f"http://{HOST}",
        region_name=region,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        aws_session_token=key.session_token,
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=parameter_validation),
    )
    client.meta.events.register("before-send", send)
    return client
