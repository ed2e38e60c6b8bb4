"""Answers below ``/demo``; every other path is the next application's."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from hubbub.serve.demo.files import Files
from hubbub.serve.demo.operations import Refused, Room
from hubbub.wire.body import BodyBudget, ClientGone, read_body
from hubbub.wire.errors import ServiceError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_LIMIT = 16_384
BODY_SECONDS = 10.0
BODIES_LIMIT = 1 << 20  # bytes of all bodies under way
_NAME = re.compile(r"[A-Za-z0-9_À-ÿ.-](?:[A-Za-z0-9_À-ÿ .-]{0,38}[A-Za-z0-9_À-ÿ.-])?")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_JSON = b"application/json"


class Demo:
    """An ASGI application around `next_application`. `room` makes the calls of one request."""

    def __init__(
        self, next_application: Application, room: Callable[[Mapping[str, str], bool], Room]
    ) -> None:
        self._next = next_application
        self._room = room
        self._files = Files()
        self._budget = BodyBudget(BODIES_LIMIT)
        self._api: dict[tuple[str, str], Callable[[Room, _Request], Awaitable[Any]]] = {
            ("POST", "join"): _join,
            ("GET", "attendees"): _attendees,
            ("PUT", "capabilities"): _capabilities,
            ("POST", "end"): _end,
            ("POST", "transcription"): _transcription,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if scope["type"] != "http" or not (path == "/demo" or path.startswith("/demo/")):
            await self._next(scope, receive, send)
        elif path.startswith("/demo/api/"):
            await self._serve_api(path.removeprefix("/demo/api/"), scope, receive, send)
        else:
            answer = await self._files.answer(scope["method"], path.removeprefix("/demo"))
            await _respond(send, *answer)

    async def _serve_api(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            key.decode("latin-1").lower(): value.decode("latin-1")
            for key, value in scope["headers"]
        }
        try:
            status, answer = 200, await self._call(name, scope, headers, receive)
        except ClientGone:
            return
        except Refused as refused:
            status, answer = refused.status, refused.body
        except ServiceError as error:
            status, answer = error.status or 400, {"Message": str(error)}
        body = b"" if answer is None else msgspec.json.encode(answer)
        await _respond(send, status if body else 204, _JSON, body)

    async def _call(
        self, name: str, scope: Scope, headers: Mapping[str, str], receive: Receive
    ) -> Any:
        method: str = scope["method"]
        call = self._api.get((method, name))
        if call is None:
            known = any(name == other for _, other in self._api)
            raise Refused(405 if known else 404, "There is no such request")
        _check_origin(scope, headers)
        given: Any = {}
        if method == "GET":
            query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=10)
            given = {key: values[0] for key, values in query.items()}
        else:
            if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                raise Refused(415, "The body has to be application/json")
            body = await read_body(
                receive, headers, limit=BODY_LIMIT, seconds=BODY_SECONDS, budget=self._budget
            )
            try:
                given = msgspec.json.decode(body)
            except msgspec.DecodeError:
                raise Refused(400, "The body is not JSON") from None
        if not isinstance(given, dict):
            raise Refused(400, "The body has to be an object")
        scheme, _, token = headers.get("authorization", "").partition(" ")
        request = _Request(given, token.strip() if scheme.lower() == "bearer" else "")
        return await call(self._room(headers, scope.get("scheme") == "https"), request)


class _Request:
    def __init__(self, given: dict[str, Any], token: str) -> None:
        self._given = given
        self.token = token

    def text(self, name: str, pattern: re.Pattern[str], form: str) -> str:
        value = self._given.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Refused(400, f"{name} has to be {form}")
        return value

    def name(self, name: str) -> str:
        return self.text(name, _NAME, "1 to 40 letters, digits, spaces, hyphens and full stops")

    def guid(self, name: str) -> str:
        return self.text(name, _GUID, "an id")

    def get(self, name: str) -> Any:
        return self._given.get(name)

    def is_of(self, attendee: Mapping[str, Any]) -> bool:
        return _is_token_of(attendee, self.token)


def _check_origin(scope: Scope, headers: Mapping[str, str]) -> None:
    """Other sites' pages must not come into meetings by the browser of someone who can."""
    origin = headers.get("origin")
    own = f"{scope.get('scheme', 'http')}://{headers.get('host', '')}"
    if origin is not None and origin.lower() != own.lower():
        raise Refused(403, "Requests of other origins are not served")


async def _join(room: Room, request: _Request) -> Any:
    meeting = await room.meeting(request.name("meeting"))
    user = request.name("user")
    attendee = None
    known, token = request.get("attendeeId"), request.get("joinToken")
    if isinstance(known, str) and _GUID.fullmatch(known) and isinstance(token, str):
        attendee = await room.attendee(meeting["MeetingId"], known)
        if attendee is not None and not _is_token_of(attendee, token):
            attendee = None
    if attendee is None:
        attendee = await room.new_attendee(meeting["MeetingId"], user)
    answer = {"Meeting": meeting, "Attendee": attendee, "host": False}
    first = await room.first_attendee(meeting["MeetingId"])
    tokens = (attendee["JoinToken"], request.get("hostToken"))
    if first is not None and any(_is_token_of(first, each) for each in tokens):
        answer |= {"host": True, "hostToken": first["JoinToken"]}
    return answer


async def _attendees(room: Room, request: _Request) -> Any:
    meeting_id = await room.demo_meeting(request.guid("meeting"))
    attendees = await room.attendees(meeting_id)
    if not request.token:
        raise Refused(401, "A JoinToken is needed")
    if not any(request.is_of(attendee) for attendee in attendees):
        raise Refused(403, "The JoinToken is not one of this meeting")
    return {"Attendees": [_without_token(attendee) for attendee in attendees]}


async def _capabilities(room: Room, request: _Request) -> Any:
    meeting_id = await _hosted(room, request)
    attendee = await room.set_capabilities(
        meeting_id, request.guid("attendeeId"), request.get("capabilities")
    )
    return {"Attendee": _without_token(attendee)}


async def _end(room: Room, request: _Request) -> Any:
    await room.end(await _hosted(room, request))


async def _transcription(room: Room, request: _Request) -> Any:
    await room.transcribe(await _hosted(room, request), on=request.get("on") is True)


async def _hosted(room: Room, request: _Request) -> str:
    """The meeting's id, if its host asks."""
    meeting_id = await room.demo_meeting(request.guid("meeting"))
    if not request.token:
        raise Refused(401, "A JoinToken is needed")
    first = await room.first_attendee(meeting_id)
    if first is None or not request.is_of(first):
        raise Refused(403, "Only the host of the meeting may do that")
    return meeting_id


def _is_token_of(attendee: Mapping[str, Any], token: Any) -> bool:
    if not isinstance(token, str):
        return False
    return hmac.compare_digest(attendee["JoinToken"].encode(), token.encode())


def _without_token(attendee: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attendee.items() if key != "JoinToken"}


async def _respond(
    send: Send,
    status: int,
    content_type: bytes,
    body: bytes,
    more: tuple[tuple[bytes, bytes], ...] = ((b"cache-control", b"no-store"),),
) -> None:
    headers = [*more, (b"x-content-type-options", b"nosniff")]
    if status != 204:
        headers += [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
