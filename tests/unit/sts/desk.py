"""STS behind a real front door, with real keys, a clock of its own, and boto3 in front of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hubbub.access.opening import Access
from hubbub.ivschat.demands import demands
from hubbub.sts import Sts
from hubbub.wire import (
    Call,
    Credentials,
    FieldListStyle,
    FrontDoor,
    Service,
    SignatureAuthenticator,
    load_model,
)
from tests.wire.boto3_client import client_of
from tests.wire.in_process import Request, Response, exchange

if TYPE_CHECKING:
    from types_boto3_sts.client import STSClient

ACCOUNT = "123456789012"


def allow(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


async def _no_rooms(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"rooms": []}


async def _no_tags(arn: str) -> Mapping[str, str]:
    return {}


class Desk:
    """`behind`: by how many seconds STS's clock is late, so that what it makes ends early."""

    def __init__(self, access: Access, loop: asyncio.AbstractEventLoop) -> None:
        self.access = access
        self.behind = 0.0
        self._loop = loop
        chat = Service(
            model=load_model("ivschat"),
            errors=FieldListStyle(),
            handlers={"ListRooms": _no_rooms},
            demands=demands(_no_tags),
        )
        sts = Sts(access.sessions, access.roles, clock=lambda: time.time() - self.behind)
        self.door = FrontDoor([chat, sts.service], SignatureAuthenticator(access.credentials))

    def client(self, service: str, credentials: Mapping[str, Any]) -> Any:
        key = Credentials(
            access_key_id=credentials["AccessKeyId"],
            secret_access_key=credentials["SecretAccessKey"],
            account_id="",
            arn="",
            session_token=credentials.get("SessionToken"),
        )
        return client_of(
            service, self.answer, key=key, region="eu-west-1", parameter_validation=False
        )

    def sts(self, credentials: Mapping[str, Any]) -> STSClient:
        client: STSClient = self.client("sts", credentials)
        return client

    @property
    def root(self) -> dict[str, str]:
        root = self.access.root
        return {"AccessKeyId": root.access_key_id, "SecretAccessKey": root.secret_access_key}

    def key(self, policy: str = "", account_id: str = ACCOUNT) -> dict[str, str]:
        new = self._loop.run_until_complete(self.access.keys.create(account_id, policy))
        return {"AccessKeyId": new.access_key_id, "SecretAccessKey": new.secret_access_key}

    def revoke(self, key: Mapping[str, str]) -> None:
        self._loop.run_until_complete(self.access.keys.delete(key["AccessKeyId"]))

    def answer(self, request: Request) -> Response:
        message = {"type": "http.request", "body": request.body, "more_body": False}
        return self._loop.run_until_complete(exchange(self.door, request.scope(), [message]))
