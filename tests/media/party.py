"""A meeting made with boto3, and the clients that join it."""

from __future__ import annotations

import colorsys
import contextlib
import itertools
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import EndpointConnectionError

from tests.media.browser import Chromium
from tests.media.cable import Cable
from tests.media.client import Client, Signature
from tests.media.events import Colour
from tests.server import Server

if TYPE_CHECKING:
    from types_boto3_chime_sdk_meetings.client import ChimeSDKMeetingsClient

ALL = {"Audio": "SendReceive", "Video": "SendReceive", "Content": "SendReceive"}

_LOWEST, _STEP, _PEOPLE = 440, 97, 30  # Hz, Hz, how many


def _colour(hue: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, 0.85, 0.8)
    return round(red * 255), round(green * 255), round(blue * 255)


def _signature(number: int) -> Signature:
    hue = number * 0.618  # neighbours look different
    return Signature(
        tone=_LOWEST + _STEP * number,
        colour=_colour(hue),
        share_tone=_LOWEST + _STEP * (_PEOPLE + number),
        share_colour=_colour(hue + 0.31),
    )


def eventually(look: Callable[[], object], wanted: object, seconds: float = 15) -> None:
    """Fails with the last thing seen."""
    deadline = time.monotonic() + seconds
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, f"{seen!r} instead of {wanted!r}"
        time.sleep(0.05)


class Party:
    """Use it as a context manager: it closes its clients' pages and ends its meeting."""

    def __init__(self, server: Server, chromium: Chromium, page_url: str, **members: Any) -> None:
        self.server = server
        self.chromium = chromium
        self.page_url = page_url
        self.meetings: ChimeSDKMeetingsClient = server.boto3("chime-sdk-meetings")
        self.meeting: Any = self.meetings.create_meeting(
            ClientRequestToken=uuid.uuid4().hex,
            MediaRegion="us-east-1",
            ExternalMeetingId=f"meeting-{uuid.uuid4().hex[:8]}",
            **members,
        )["Meeting"]
        self.clients: list[Client] = []
        self._signatures: dict[str, Signature] = {}
        self._numbers = itertools.count()
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Party:
        return self

    def __exit__(self, *_: object) -> None:
        gone = self.meetings.exceptions.NotFoundException
        with contextlib.suppress(gone, EndpointConnectionError):  # a test may have stopped it
            self.meetings.delete_meeting(MeetingId=self.id)
        self._open.close()
        self.meetings.close()

    @property
    def id(self) -> str:
        return str(self.meeting["MeetingId"])

    # --- people -------------------------------------------------------------------------------

    def attendee(self, name: str, capabilities: Mapping[str, str] | None = None) -> dict[str, Any]:
        """CreateAttendee's object."""
        given: dict[str, Any] = {"Capabilities": dict(capabilities)} if capabilities else {}
        answer: Any = self.meetings.create_attendee(MeetingId=self.id, ExternalUserId=name, **given)
        return dict(answer["Attendee"])

    def signature(self, name: str) -> Signature:
        """By what this one is recognised in this party."""
        if name not in self._signatures:
            self._signatures[name] = _signature(next(self._numbers))
        return self._signatures[name]

    def client(self, name: str, capabilities: Mapping[str, str] | None = None) -> Client:
        """An open page of an attendee that has not joined yet."""
        self.signature(name)
        attendee = self.attendee(name, capabilities)
        page = self.chromium.open(self.page_url)
        self._open.callback(page.close)
        client = Client(page, name, attendee, self._signatures)
        self.clients.append(client)
        return client

    def join(
        self, name: str, capabilities: Mapping[str, str] | None = None, **options: Any
    ) -> Client:
        client = self.client(name, capabilities)
        client.join(self.meeting, **options)
        return client

    def join_all(self, names: Sequence[str], **options: Any) -> list[Client]:
        """All at once."""
        clients = [self.client(name) for name in names]
        joining = [client.begin_join(self.meeting, **options) for client in clients]
        for each in joining:
            each.result(150)
        return clients

    def join_as(self, name: str, primary: Party, **options: Any) -> Client:
        """Join this replica, knowing the people of the primary by tone and colour, too."""
        self._signatures, self._numbers = primary._signatures, primary._numbers
        return self.join(name, **options)

    def cable(self) -> Cable:
        """A cable to the server, for `join_through`."""
        return self._open.enter_context(
            Cable(self.chromium.background, self.server.port, media_port(self.server))
        )

    def join_through(self, cable: Cable, name: str, **options: Any) -> Client:
        client = self.client(name)
        placement = dict(self.meeting["MediaPlacement"])
        placement["SignalingUrl"] = placement["SignalingUrl"].replace(
            f":{self.server.port}/", f":{cable.signalling_port}/"
        )
        meeting = {**self.meeting, "MediaPlacement": placement}
        client.join(meeting, mediaPort=cable.media_port, **options)
        return client

    # --- the host's part ----------------------------------------------------------------------

    def allow(
        self,
        client: Client,
        audio: str = "SendReceive",
        video: str = "SendReceive",
        content: str = "SendReceive",
    ) -> float:
        """UpdateAttendeeCapabilities; when the answer came, epoch milliseconds."""
        wanted: Any = {"Audio": audio, "Video": video, "Content": content}
        answer = self.meetings.update_attendee_capabilities(
            MeetingId=self.id, AttendeeId=client.id, Capabilities=wanted
        )
        at = time.time() * 1000
        assert answer["Attendee"]["Capabilities"] == wanted
        return at

    def except_these(self, excluded: Sequence[Client], capabilities: Mapping[str, str]) -> None:
        """BatchUpdateAttendeeCapabilitiesExcept."""
        wanted: Any = dict(capabilities)
        self.meetings.batch_update_attendee_capabilities_except(
            MeetingId=self.id,
            ExcludedAttendeeIds=[{"AttendeeId": client.id} for client in excluded],
            Capabilities=wanted,
        )

    def remove(self, client: Client) -> None:
        self.meetings.delete_attendee(MeetingId=self.id, AttendeeId=client.id)

    def end(self) -> None:
        self.meetings.delete_meeting(MeetingId=self.id)


def media_port(server: Server) -> int:
    """UDP port of the server's media engine, out of its ready line."""
    words = dict(word.split("=", 1) for word in server.ready_line.split()[2:])
    return int(words["media"].rsplit(":", 1)[1])
