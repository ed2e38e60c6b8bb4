"""A service behind the real front door, asked through boto3; no network, time in the test's hands.

The event loop runs on a thread of its own, since boto3 blocks the one that calls it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import orjson
import pytest
from botocore.exceptions import ClientError
from sqlalchemy import Table, delete, func, select

from hubbub.store.contract import Store, Transaction
from hubbub.store.opening import open_store
from hubbub.store.tables import metadata
from hubbub.wire import Credentials, FrontDoor, Service, SignatureAuthenticator
from tests.wire.boto3_client import client_of
from tests.wire.in_process import Keys, Request, Response, exchange

T = TypeVar("T")
Client = TypeVar("Client")

REGION = "us-east-1"


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


class ServiceDesk(Generic[Client]):
    """One node. A subclass makes its service and hands it to `serve`."""

    errors: ClassVar[Mapping[str, tuple[int, str]]]
    """Name -> status and Code."""

    def __init__(self, url: str, directory: Path, clock: VirtualClock) -> None:
        self.clock = clock
        self.last: Response | None = None  # the answer to the last call as it went over the wire
        self.secure = False
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.store: Store = self.run(open_store(url, directory))

    def serve(self, service: Service) -> None:
        self._service = service
        self.door = FrontDoor([service], SignatureAuthenticator(Keys(OURS, THEIRS)))
        self.client = self.client_of()

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(60)

    def client_of(self, key: Credentials = OURS, region: str = REGION) -> Client:
        """A boto3 client whose requests go straight to the front door."""
        client: Client = client_of(self._service.name, self.ask, key=key, region=region)
        return client

    def ask(self, request: Request) -> Response:
        message = {"type": "http.request", "body": request.body, "more_body": False}
        scope = request.scope() | {"scheme": "https" if self.secure else "http"}
        self.last = self.run(exchange(self.door, scope, [message]))
        return self.last

    def ask_raw(self, method: str, target: str, body: Any = b"") -> Response:
        """A signed request of any form. A body that is not bytes goes as JSON, None as nothing."""
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        headers = [("content-type", "application/json")] if content else []
        request = Request(method, target, headers, content)
        return self.ask(request.signed(self._service.signing_name, key=OURS, region=REGION))

    def count(self, *tables: Table) -> int:
        async def read() -> int:
            rows = [await self.store.fetch(select(func.count()).select_from(t)) for t in tables]
            return sum(int(row[0][0]) for row in rows)

        return self.run(read())

    @contextmanager
    def refused(self, name: str, text: str = "") -> Iterator[None]:
        """The call in it ends with this exception of the client's, and with its status and Code."""
        status, code = self.errors[name]
        with pytest.raises(ClientError, match=text or None) as caught:
            yield
        assert type(caught.value).__name__ == name
        metadata = caught.value.response["ResponseMetadata"]
        assert metadata["HTTPStatusCode"] == status
        assert metadata["RequestId"]
        assert self.last is not None
        assert self.last.error_type == name
        assert self.last.json["Code"] == code

    def close(self) -> None:
        """A subclass closes its service before."""
        self.run(self.store.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


AnyDesk = TypeVar("AnyDesk", bound=ServiceDesk[Any])


class Desks:
    """Nodes of one database, which is empty when the first is added. All have the same clock."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.directory = directory
        self.clock = VirtualClock()
        self._desks: list[ServiceDesk[Any]] = []

    def add(self, desk: AnyDesk) -> AnyDesk:
        if not self._desks:
            desk.run(desk.store.write(empty))
        self._desks.append(desk)
        return desk

    def close(self) -> None:
        for desk in self._desks:
            desk.close()


async def empty(transaction: Transaction) -> None:
    """All tables."""
    for table in reversed(metadata.sorted_tables):
        await transaction.execute(delete(table))
