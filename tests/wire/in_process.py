"""The front door without a listener: signed requests handed to the ASGI application itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from hubbub.wire import Credentials, FrontDoor, Service, SignatureAuthenticator

HOST = "hubbub.test:4480"
KEY = Credentials(
    "AKIDEXAMPLE", "secret-of-the-example", "123456789012", "arn:aws:iam::123456789012:root"
)
TEMPORARY = Credentials(
    "ASIAEXAMPLE",
    "secret-of-the-temporary",
    "123456789012",
    "arn:aws:sts::123456789012:assumed-role/r/s",
    session_token="token/of+the=temporary",
    expires_at=4e9,
)


class Keys:
    """A CredentialSource of fixed keys."""

    def __init__(self, *keys: Credentials) -> None:
        self._keys = {key.access_key_id: key for key in keys or (KEY, TEMPORARY)}

    async def find(self, access_key_id: str, session_token: str | None) -> Credentials | None:
        return self._keys.get(access_key_id)


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def error_type(self) -> str | None:
        return self.headers.get("x-amzn-errortype")


@dataclass
class Request:
    """A request as it goes over the wire; `target` is path and query."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def signed(
        self,
        service: str,
        *,
        key: Credentials = KEY,
        region: str = "us-west-2",
        expires: int | None = None,
    ) -> Request:
        """A copy signed by botocore, in its headers or (with `expires`) in its query."""
        credentials = BotocoreCredentials(
            key.access_key_id, key.secret_access_key, key.session_token
        )
        request = AWSRequest(self.method, f"http://{HOST}{self.target}", data=self.body)
        for name, value in self.headers:
            request.headers.add_header(name, value)
        if expires is None:
            SigV4Auth(credentials, service, region).add_auth(request)
        else:
            SigV4QueryAuth(credentials, service, region, expires=expires).add_auth(request)
        parts = urlsplit(str(request.url))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = [(name, str(value)) for name, value in request.headers.items()]
        return Request(self.method, target, [("host", HOST), *headers], self.body)

    def scope(self) -> dict[str, Any]:
        path, _, query = self.target.partition("?")
        return {
            "type": "http",
            "method": self.method,
            "path": path,
            "raw_path": path.encode("utf-8", "surrogateescape"),
            "query_string": query.encode("utf-8", "surrogateescape"),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("utf-8", "surrogateescape"))
                for name, value in self.headers
            ],
            "client": ("192.0.2.7", 50000),
        }


Application = Callable[..., Awaitable[None]]


async def exchange(
    application: Application,
    scope: Mapping[str, Any],
    messages: Iterable[Mapping[str, Any]],
) -> Response:
    """Hand one request to an ASGI application and collect its answer."""
    waiting = iter(messages)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return next(waiting)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, send)
    start, *rest = sent
    assert start["type"] == "http.response.start"
    return Response(
        start["status"],
        {name.decode(): value.decode("utf-8", "replace") for name, value in start["headers"]},
        b"".join(each["body"] for each in rest),
    )


def call(application: Application, request: Request) -> Response:
    body = {"type": "http.request", "body": request.body, "more_body": False}
    return asyncio.run(exchange(application, request.scope(), [body]))


def door(*services: Service, **options: Any) -> FrontDoor:
    return FrontDoor(services, SignatureAuthenticator(Keys()), **options)
