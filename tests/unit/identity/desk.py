"""Identity behind the real front door, asked through boto3; no network, time in the test's hands.

The event loop runs on a thread of its own, since boto3 blocks the one that calls it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from sqlalchemy import Table, func, select

from hubbub.access.keyring import Keyring
from hubbub.bus.memory import MemoryBus
from hubbub.identity import ChimeIdentity, Dependents
from hubbub.settings import Limits, Settings
from hubbub.store.contract import Store
from hubbub.store.opening import is_postgresql, open_store
from hubbub.wire import Credentials, FrontDoor, SignatureAuthenticator
from tests.wire.in_process import HOST, Keys, Request, Response, exchange

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.client import ChimeSDKIdentityClient

T = TypeVar("T")

REGION = "us-east-1"
DAY = 24 * 3600


def _key(account: str) -> Credentials:
    arn = f"arn:aws:iam::{account}:root"
    return Credentials(f"AKIA{account}", f"secret-of-{account}", account, arn)


OURS = _key("111122223333")
THEIRS = _key("444455556666")


class VirtualClock:
    """Starts in May 2026 and goes on when told to."""

    def __init__(self) -> None:
        self.now = 1_777_883_000_123_456

    def microseconds(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += round(seconds * 1_000_000)


@dataclass
class Body:
    """The body of a response, as botocore wants to read it."""

    content: bytes

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.content


class Desk:
    """One node."""

    def __init__(
        self,
        url: str,
        directory: Path,
        limits: Limits,
        dependents: Dependents | None,
        clock: VirtualClock,
    ) -> None:
        self.clock = clock
        self.last: Response | None = None  # the answer to the last call as it went over the wire
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.store: Store = self.run(open_store(url, directory))
        self.bus = MemoryBus(directory, monotonic_ns=lambda: clock.now * 1_000)
        self.identity = self.run(self._open(is_postgresql(url), limits, dependents))
        self.door = FrontDoor([self.identity.service], SignatureAuthenticator(Keys(OURS, THEIRS)))
        self.client = self.client_of()

    async def _open(
        self, is_shared: bool, limits: Limits, dependents: Dependents | None
    ) -> ChimeIdentity:
        identity = ChimeIdentity(
            store=self.store,
            bus=self.bus,
            keyring=Keyring(b"k" * 32),
            settings=Settings(limits=limits),
            is_shared=is_shared,
            clock=self.clock,
        )
        if dependents is not None:
            identity.add_dependents(dependents)
        return identity

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(60)

    def client_of(self, key: Credentials = OURS, region: str = REGION) -> ChimeSDKIdentityClient:
        """A boto3 client whose requests go straight to the front door."""
        client = boto3.client(
            "chime-sdk-identity",
            endpoint_url=f"http://{HOST}",
            region_name=region,
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
            config=Config(retries={"total_max_attempts": 1}),
        )
        events: Any = client.meta.events
        events.register("before-send.*", self._send)
        return client

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        parts = urlsplit(request.url)
        given: Any = request.headers
        headers = [
            (name, value.decode() if isinstance(value, bytes) else str(value))
            for name, value in given.items()
        ]
        content: Any = request.body or b""
        body = content.encode() if isinstance(content, str) else content
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        response = self.ask(Request(request.method, target, [("host", HOST), *headers], body))
        answer: Any = AWSResponse
        made: AWSResponse = answer(
            request.url, response.status, response.headers, Body(response.body)
        )
        return made

    def ask(self, request: Request) -> Response:
        message = {"type": "http.request", "body": request.body, "more_body": False}
        self.last = self.run(exchange(self.door, request.scope(), [message]))
        return self.last

    def ask_raw(self, method: str, target: str, body: bytes = b"") -> Response:
        """A signed request of any form."""
        headers = [("content-type", "application/json")] if body else []
        request = Request(method, target, headers, body)
        return self.ask(request.signed("chime", key=OURS, region=REGION))

    def work(self) -> None:
        """Let the background job do all that is due now."""
        assert self.run(self.identity.job.run())

    def count(self, *tables: Table) -> int:
        async def read() -> int:
            rows = [await self.store.fetch(select(func.count()).select_from(t)) for t in tables]
            return sum(int(row[0][0]) for row in rows)

        return self.run(read())

    # What most tests begin with.

    def make_app_instance(self, name: str = "chat", **more: Any) -> str:
        self.clock.advance(0.001)
        return self.client.create_app_instance(Name=name, **more)["AppInstanceArn"]

    def make_user(self, app_instance: str, user_id: str = "ann", **more: Any) -> str:
        self.clock.advance(0.001)
        more.setdefault("Name", user_id.title())
        return self.client.create_app_instance_user(
            AppInstanceArn=app_instance, AppInstanceUserId=user_id, **more
        )["AppInstanceUserArn"]

    def make_bot(self, app_instance: str, **more: Any) -> str:
        self.clock.advance(0.001)
        more.setdefault("Configuration", {"Lex": LEX})
        made = self.client.create_app_instance_bot(AppInstanceArn=app_instance, **more)
        return made["AppInstanceBotArn"]

    def make_admin(self, app_instance: str, arn: str) -> None:
        self.clock.advance(0.001)
        self.client.create_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=arn)

    def make_endpoint(self, user: str, **more: Any) -> str:
        self.clock.advance(0.001)
        given: dict[str, Any] = {
            "Type": "APNS",
            "ResourceArn": PINPOINT,
            "EndpointAttributes": {"DeviceToken": "device-1"},
        }
        made = self.client.register_app_instance_user_endpoint(
            AppInstanceUserArn=user, **(given | more)
        )
        return made["EndpointId"]

    @contextmanager
    def refused(self, name: str) -> Iterator[None]:
        """The call in it ends with this exception of the client's, and as section 1.5 words it."""
        status, code = ERRORS[name]
        with pytest.raises(ClientError) as caught:
            yield
        assert type(caught.value).__name__ == name
        metadata = caught.value.response["ResponseMetadata"]
        assert metadata["HTTPStatusCode"] == status
        assert metadata["RequestId"]
        assert self.last is not None
        assert self.last.error_type == name
        assert self.last.json.keys() == {"Code", "Message"}
        assert self.last.json["Code"] == code

    def close(self) -> None:
        self.run(self.identity.close())
        self.run(self.bus.close())
        self.run(self.store.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


LEX = {
    "LexBotAliasArn": "arn:aws:lex:us-east-1:111122223333:bot-alias/ABCDEFGHIJ/KLMNOPQRST",
    "LocaleId": "en_US",
}
PINPOINT = "arn:aws:mobiletargeting:us-east-1:111122223333:apps/0123456789abcdef"
ABSENT = f"arn:aws:chime:{REGION}:111122223333:app-instance/11111111-2222-3333-4444-555555555555"
ERRORS = {
    "BadRequestException": (400, "BadRequest"),
    "ResourceLimitExceededException": (400, "ResourceLimitExceeded"),
    "ForbiddenException": (403, "Forbidden"),
    "NotFoundException": (404, "NotFound"),
    "ConflictException": (409, "Conflict"),
    "ThrottledClientException": (429, "Throttled"),
}
"""Name -> status and Code."""
