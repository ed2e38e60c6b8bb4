"""Meetings behind the real front door, asked through boto3; no network, time in the test's hands.

The event loop runs on a thread of its own, since boto3 blocks the one that calls it. What would run
live meetings writes down what it is told.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import boto3
import orjson
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from sqlalchemy import Table, func, select

from hubbub.access.keyring import Keyring
from hubbub.functions.contract import FunctionFailed
from hubbub.meetings import ChimeMeetings
from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.stage import Admitted, Ended, Meeting
from hubbub.settings import Limits, Settings, SinkSettings
from hubbub.sinks.contract import Destination, Record
from hubbub.store.contract import Store
from hubbub.store.opening import open_store
from hubbub.wire import Credentials, FrontDoor, SignatureAuthenticator
from tests.wire.in_process import HOST, Keys, Request, Response, exchange

if TYPE_CHECKING:
    from types_boto3_chime_sdk_meetings.client import ChimeSDKMeetingsClient

T = TypeVar("T")

REGION = "us-east-1"
HOUR = 3600
MEDIA_PORT = 4478
SOMEBODY = "11111111-2222-4333-8444-555555555555"
"""An id that nothing has."""
FULL = {"Audio": "SendReceive", "Video": "SendReceive", "Content": "SendReceive"}
NO_VIDEO: Any = {"Video": {"MaxResolution": "None"}}
NO_CONTENT: Any = {"Content": {"MaxResolution": "None"}}
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:told"


def _key(account: str) -> Credentials:
    arn = f"arn:aws:iam::{account}:root"
    return Credentials(f"AKIA{account}", f"secret-of-{account}", account, arn)


OURS = _key("111122223333")
THEIRS = _key("444455556666")


def capabilities(audio: str, video: str, content: str) -> Any:
    return {"Audio": audio, "Video": video, "Content": content}


class VirtualClock:
    """Starts in May 2026 and goes on when told to."""

    def __init__(self) -> None:
        self.now = 1_777_883_000_123_456

    def microseconds(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += round(seconds * 1_000_000)


@dataclass
class RecordingStage:
    """Holds no meetings; knows who would have audio, and why it might not be there."""

    told: list[tuple[Any, ...]] = field(default_factory=list)
    reason: str | None = None
    audible: set[str] = field(default_factory=set)
    transcribing: set[str] = field(default_factory=set)

    def why_unavailable(self) -> str | None:
        return self.reason

    def meeting_created(self, meeting: Meeting) -> None:
        self.told.append(("created", meeting))

    def meeting_ended(self, meeting_id: str) -> None:
        self.transcribing.discard(meeting_id)
        self.told.append(("ended", meeting_id))

    def attendee_deleted(self, meeting_id: str, attendee_id: str) -> None:
        self.told.append(("deleted", meeting_id, attendee_id))

    def capabilities_changed(self, meeting_id: str, changed: Mapping[str, Capabilities]) -> None:
        self.told.append(("changed", meeting_id, dict(changed)))

    def transcription_started(
        self, meeting_id: str, configuration: Mapping[str, Any], region: str
    ) -> None:
        self.transcribing.add(meeting_id)
        self.told.append(("transcribing", meeting_id, configuration, region))

    def transcription_stopped(self, meeting_id: str) -> None:
        self.transcribing.discard(meeting_id)
        self.told.append(("silent", meeting_id))

    def transcribed(self) -> Collection[str]:
        return self.transcribing

    def has_audio(self, meeting_id: str) -> bool:
        return meeting_id in self.audible


@dataclass
class WrittenSinks:
    """Takes records as sinks do, and delivers them to the test."""

    written: list[tuple[Destination, Any]] = field(default_factory=list)

    def write(self, destination: Destination, record: Record) -> None:
        self.written.append((destination, orjson.loads(record.line)))

    async def close(self) -> None: ...


@dataclass
class CalledFunctions:
    """One function, which may fail."""

    called: list[Any] = field(default_factory=list)
    fails: bool = False

    def knows(self, arn: str) -> bool:
        return arn == FUNCTION

    async def invoke(self, arn: str, event: Mapping[str, Any], timeout: float) -> Any:
        if self.fails:
            raise FunctionFailed("no")
        self.called.append(event)
        return None

    async def close(self) -> None: ...


@dataclass
class Body:
    """The body of a response, as botocore wants to read it."""

    content: bytes

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.content


class Desk:
    """One node."""

    def __init__(
        self, url: str, directory: Path, limits: Limits, clock: VirtualClock, bus_url: str = ""
    ) -> None:
        self.clock = clock
        self.settings = Settings(limits=limits, sinks=SinkSettings(events="aws"), bus_url=bus_url)
        self.last: Response | None = None  # the answer to the last call as it went over the wire
        self.secure = False
        self.host = HOST
        self.stage = RecordingStage()
        self.sinks = WrittenSinks()
        self.functions = CalledFunctions()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.store: Store = self.run(open_store(url, directory))
        self.meetings = self.run(self._open())
        self.door = FrontDoor([self.meetings.service], SignatureAuthenticator(Keys(OURS, THEIRS)))
        self.client = self.client_of()
        self._tokens = 0

    async def _open(self) -> ChimeMeetings:
        return ChimeMeetings(
            store=self.store,
            stage=self.stage,
            functions=self.functions,
            sinks=self.sinks,
            keyring=Keyring(b"k" * 32),
            settings=self.settings,
            media_port=MEDIA_PORT,
            clock=self.clock,
        )

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(60)

    def client_of(self, key: Credentials = OURS, region: str = REGION) -> ChimeSDKMeetingsClient:
        """A boto3 client whose requests go straight to the front door."""
        client = boto3.client(
            "chime-sdk-meetings",
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
        scope = request.scope() | {"scheme": "https" if self.secure else "http"}
        self.last = self.run(exchange(self.door, scope, [message]))
        return self.last

    def ask_raw(self, method: str, target: str, content: Any = None) -> Response:
        """A signed request of any form."""
        body = b"" if content is None else orjson.dumps(content)
        headers = [("content-type", "application/json")] if body else []
        request = Request(method, target, headers, body)
        return self.ask(request.signed("chime", key=OURS, region=REGION))

    def work(self, seconds: float = 0) -> None:
        """Let time pass and the background job do all that is due then."""
        self.clock.advance(seconds)
        self.run(self.meetings.job.run())

    def count(self, *tables: Table) -> int:
        async def read() -> int:
            rows = [await self.store.fetch(select(func.count()).select_from(t)) for t in tables]
            return sum(int(row[0][0]) for row in rows)

        return self.run(read())

    def admit(self, token: str) -> Admitted | Ended | None:
        return self.run(self.meetings.directory.admit(token))

    def settle(self) -> None:
        """Let what goes on in the background come to its end."""

        async def ended() -> None:
            await asyncio.gather(*self.meetings._notices._tasks)

        self.run(ended())

    def told(self, kind: str) -> list[tuple[Any, ...]]:
        """What the stage was told of this kind."""
        return [each[1:] for each in self.stage.told if each[0] == kind]

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """Details of events that went to the sink of all events."""
        self.settle()
        return [
            content["detail"]
            for destination, content in self.sinks.written
            if destination.kind == "events" and content["detail"]["eventType"].endswith(name)
        ]

    # What most tests begin with.

    def token(self) -> str:
        self._tokens += 1
        return f"token-{self._tokens}"

    def make_meeting(self, **more: Any) -> str:
        """Its id."""
        meeting_id: str = self.make_whole_meeting(**more)["MeetingId"]
        return meeting_id

    def make_whole_meeting(self, client: Any = None, **more: Any) -> Any:
        self.clock.advance(0.001)
        given = {"ClientRequestToken": self.token()} | MEETING | more
        return (client or self.client).create_meeting(**given)["Meeting"]

    def make_attendee(self, meeting_id: str, user: str = "ann", **more: Any) -> Any:
        made = self.client.create_attendee(MeetingId=meeting_id, ExternalUserId=user, **more)
        return made["Attendee"]

    def get_capabilities(self, meeting_id: str, attendee_id: str) -> Any:
        found = self.client.get_attendee(MeetingId=meeting_id, AttendeeId=attendee_id)
        return found["Attendee"]["Capabilities"]

    @contextmanager
    def refused(self, name: str, text: str = "") -> Iterator[None]:
        """The call in it ends with this exception of the client's, and as A.3 words it."""
        status, code = ERRORS[name]
        with pytest.raises(ClientError, match=text or None) as caught:
            yield
        assert type(caught.value).__name__ == name
        metadata = caught.value.response["ResponseMetadata"]
        assert metadata["HTTPStatusCode"] == status
        assert self.last is not None
        assert self.last.error_type == name
        assert self.last.json["Code"] == code
        assert self.last.json["RequestId"] == self.last.headers["x-amzn-requestid"]
        named = {"ResourceName"} if name in NAME_THE_RESOURCE else set()
        assert self.last.json.keys() == {"Code", "Message", "RequestId"} | named

    def close(self) -> None:
        self.run(self.meetings.close())
        self.run(self.store.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


MEETING: dict[str, Any] = {"MediaRegion": "eu-central-1", "ExternalMeetingId": "standup"}
ERRORS = {
    "BadRequestException": (400, "BadRequest"),
    "LimitExceededException": (400, "LimitExceeded"),
    "TooManyTagsException": (400, "TooManyTags"),
    "ForbiddenException": (403, "Forbidden"),
    "NotFoundException": (404, "NotFound"),
    "ResourceNotFoundException": (404, "ResourceNotFound"),
    "ConflictException": (409, "Conflict"),
    "UnprocessableEntityException": (422, "UnprocessableEntity"),
    "ThrottlingException": (429, "Throttling"),
    "ServiceUnavailableException": (503, "ServiceUnavailable"),
}
"""Name -> status and Code."""
NAME_THE_RESOURCE = ("TooManyTagsException", "ResourceNotFoundException")
