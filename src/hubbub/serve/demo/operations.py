"""What the demo has the Meetings service do, as the root account.

Its requests go through a front door of their own, so that they are checked and answered as all
others are; only whose they are is known beforehand.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import quote

import msgspec

from hubbub.wire import Caller, FrontDoor
from hubbub.wire.service import Credentials
from hubbub.wire.sigv4 import SignedRequest

EXTERNAL_ID = "demo "  # what the ExternalMeetingId of the demo's meetings begins with


class Refused(Exception):
    """The request ends with this status."""

    def __init__(self, status: int, body: Mapping[str, Any] | str) -> None:
        super().__init__(status)
        self.status = status
        self.body = {"Message": body} if isinstance(body, str) else body


class AsRoot:
    """Takes every request for the root account's (`hubbub.wire.Authenticator`)."""

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._caller = Caller(credentials, region, "chime")

    async def authenticate(self, request: SignedRequest) -> Caller:
        return self._caller


class Room:
    """The calls of one request of the demo. All raise Refused with what the service answered."""

    def __init__(self, door: FrontDoor, headers: Mapping[str, str], secure: bool) -> None:
        self._door = door
        self._host = headers.get("host", "")  # the URLs of a meeting are where the API was called
        self._secure = secure

    async def meeting(self, name: str) -> Any:
        """The meeting of this name; made if there is none."""
        token = hashlib.sha256(name.encode()).hexdigest()[:48]
        given = {
            "ClientRequestToken": f"demo-{token}",
            "ExternalMeetingId": EXTERNAL_ID + name,
            "MediaRegion": "us-east-1",
        }
        return (await self._call("POST", "/meetings", given))["Meeting"]

    async def demo_meeting(self, meeting_id: str) -> str:
        """The same id, if the demo made that meeting."""
        meeting = (await self._call("GET", f"/meetings/{meeting_id}"))["Meeting"]
        if not meeting.get("ExternalMeetingId", "").startswith(EXTERNAL_ID):
            raise Refused(404, "There is no such meeting")
        return meeting_id

    async def new_attendee(self, meeting_id: str, user: str) -> Any:
        given = {"ExternalUserId": f"{user}#{secrets.token_hex(2)}"}
        return (await self._call("POST", f"/meetings/{meeting_id}/attendees", given))["Attendee"]

    async def attendee(self, meeting_id: str, attendee_id: str) -> Any | None:
        try:
            path = f"/meetings/{meeting_id}/attendees/{attendee_id}"
            return (await self._call("GET", path))["Attendee"]
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def first_attendee(self, meeting_id: str) -> Any | None:
        page = await self._page(meeting_id, 1, "")
        return page["Attendees"][0] if page["Attendees"] else None

    async def attendees(self, meeting_id: str) -> list[Any]:
        found: list[Any] = []
        token = ""
        while True:
            page = await self._page(meeting_id, 100, token)
            found += page["Attendees"]
            token = page.get("NextToken", "")
            if not token:
                return found

    async def _page(self, meeting_id: str, most: int, token: str) -> Any:
        query = f"max-results={most}" + (f"&next-token={quote(token, safe='')}" if token else "")
        return await self._call("GET", f"/meetings/{meeting_id}/attendees", query=query)

    async def set_capabilities(self, meeting_id: str, attendee_id: str, wanted: Any) -> Any:
        path = f"/meetings/{meeting_id}/attendees/{attendee_id}/capabilities"
        return (await self._call("PUT", path, {"Capabilities": wanted}))["Attendee"]

    async def end(self, meeting_id: str) -> None:
        await self._call("DELETE", f"/meetings/{meeting_id}")

    async def transcribe(self, meeting_id: str, *, on: bool) -> None:
        path = f"/meetings/{meeting_id}/transcription"
        if on:
            settings = {"EngineTranscribeSettings": {"LanguageCode": "en-US"}}
            given = {"TranscriptionConfiguration": settings}
            await self._call("POST", path, given, query="operation=start")
        else:
            await self._call("POST", path, query="operation=stop")

    async def _call(self, method: str, path: str, given: Any = None, query: str = "") -> Any:
        """The answer's members. Raises Refused."""
        body = b"" if given is None else msgspec.json.encode(given)
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "scheme": "https" if self._secure else "http",
            "headers": [
                (b"host", self._host.encode("latin-1")),
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
            ],
        }
        status, written = 0, b""

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status, written
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                written += message.get("body", b"")

        await self._door(scope, receive, send)
        answer = msgspec.json.decode(written) if written else {}
        if status >= 300:
            raise Refused(status, answer)
        return answer
