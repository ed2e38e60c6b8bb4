"""Meetings at the desk; see `tests.unit.desk`. What would run live meetings writes down what it is
told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from hubbub.access.keyring import Keyring
from hubbub.functions.contract import FunctionFailed
from hubbub.meetings import ChimeMeetings
from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.stage import Admitted, Elsewhere, Ended, Meeting
from hubbub.settings import Limits, Settings, SinkSettings
from hubbub.sinks.contract import Destination, Record
from tests.unit.desk import ServiceDesk, VirtualClock

if TYPE_CHECKING:
    from types_boto3_chime_sdk_meetings.client import ChimeSDKMeetingsClient  # noqa: F401 -- quoted below

HOUR = 3600
MEDIA_PORT = 4478
SOMEBODY = "11111111-2222-4333-8444-555555555555"
"""An id that nothing has."""
FULL = {"Audio": "SendReceive", "Video": "SendReceive", "Content": "SendReceive"}
NO_VIDEO: Any = {"Video": {"MaxResolution": "None"}}
NO_CONTENT: Any = {"Content": {"MaxResolution": "None"}}
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:told"


def capabilities(audio: str, video: str, content: str) -> Any:
    return {"Audio": audio, "Video": video, "Content": content}


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

    def let_go(self, meeting_id: str) -> None:
        self.told.append(("lost", meeting_id))

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


class Desk(ServiceDesk["ChimeSDKMeetingsClient"]):
    """One node."""

    errors: ClassVar = {
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

    def __init__(
        self, url: str, directory: Path, limits: Limits, clock: VirtualClock, bus_url: str = ""
    ) -> None:
        super().__init__(url, directory, clock)
        self.settings = Settings(limits=limits, sinks=SinkSettings(events="aws"), bus_url=bus_url)
        self.stage = RecordingStage()
        self.sinks = WrittenSinks()
        self.functions = CalledFunctions()
        self.meetings = self.run(self._open())
        self.serve(self.meetings.service)
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

    def work(self, seconds: float = 0) -> None:
        """Let time pass and the background job do all that is due then."""
        self.clock.advance(seconds)
        self.run(self.meetings.job.run())

    def admit(self, token: str) -> Admitted | Elsewhere | Ended | None:
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
        with super().refused(name, text):
            yield
        assert self.last is not None
        assert self.last.json["RequestId"] == self.last.headers["x-amzn-requestid"]
        named = {"ResourceName"} if name in NAME_THE_RESOURCE else set()
        assert self.last.json.keys() == {"Code", "Message", "RequestId"} | named

    def close(self) -> None:
        self.run(self.meetings.close())
        super().close()


MEETING: dict[str, Any] = {"MediaRegion": "eu-central-1", "ExternalMeetingId": "standup"}
NAME_THE_RESOURCE = ("TooManyTagsException", "ResourceNotFoundException")
