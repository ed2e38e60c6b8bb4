"""The front door: one ASGI application for any number of services.

A request's way, each step of which may end it with an error:

    body within its limit -> authenticate -> route -> parse and validate -> authorize
    -> handler -> serialise

Every answer has an ``x-amzn-RequestId`` and lets browsers read it. Nothing of an exception of ours
ever reaches the caller; it is logged with the request's id.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote

from hubbub.wire import cors
from hubbub.wire.authentication import Authenticator, Caller
from hubbub.wire.authorization import check_permissions
from hubbub.wire.body import BodyBudget, BodyTooLarge, ClientGone, Receive, read_body
from hubbub.wire.errors import (
    NotAuthorized,
    SerializationFailure,
    ServiceError,
    ValidationFailure,
)
from hubbub.wire.query.requests import is_form, parse_form
from hubbub.wire.requests import Parts, load_json, parse_query
from hubbub.wire.responses import Answer, write_error
from hubbub.wire.router import Match, Route, Router
from hubbub.wire.service import Authorize, Call, Service
from hubbub.wire.sigv4 import SignedRequest, invalid, without_signature
from hubbub.wire.styles import ErrorStyle, FieldListStyle
from hubbub.wire.writers import BodyWriters

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Refusal = ServiceError | SerializationFailure | ValidationFailure | NotAuthorized

BODY_LIMIT = 1 << 20
BODY_SECONDS = 20.0
BODIES_LIMIT = 128 << 20  # bytes of bodies under way, of all requests together
# What answers before a service is known looks like, whichever service was meant.
_FRONT_STYLE = FieldListStyle()
_FRONT_WRITERS = BodyWriters()


def request_id() -> str:
    """A random UUID."""
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


class FrontDoor:
    """Serves `services` over ASGI.

    `unavailable` maps types of exceptions to the error that callers get for them; any other
    exception that is not of `hubbub.wire.errors` is a fault of ours.
    """

    def __init__(
        self,
        services: Iterable[Service],
        authenticator: Authenticator,
        *,
        authorize: Authorize = check_permissions,
        unavailable: Mapping[type[Exception], Callable[[], ServiceError]] | None = None,
        body_limit: int = BODY_LIMIT,
        body_seconds: float = BODY_SECONDS,
        bodies_limit: int = BODIES_LIMIT,
    ) -> None:
        self.services = tuple(services)
        self._authenticator = authenticator
        self._authorize = authorize
        self._unavailable = tuple((unavailable or {}).items())
        self._body_limit = body_limit
        self._body_seconds = body_seconds
        self._body_budget = BodyBudget(bodies_limit)
        self._router = Router(self.services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"the front door has no {scope['type']}")
        own_id = request_id()
        headers = _headers(scope)
        if scope["method"] == "OPTIONS":
            answer = cors.preflight(headers)
        else:
            try:
                answer = await self._answer(scope, headers, receive, own_id)
            except ClientGone:
                return
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    *answer.headers,
                    *cors.HEADERS,
                    (b"x-amzn-requestid", own_id.encode()),
                    (b"content-length", b"%d" % len(answer.body)),
                ]
                if answer.status != 204
                else [*answer.headers, *cors.HEADERS, (b"x-amzn-requestid", own_id.encode())],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(
        self, scope: Scope, headers: dict[str, str], receive: Receive, own_id: str
    ) -> Answer:
        try:
            body = await read_body(
                receive,
                headers,
                limit=self._body_limit,
                seconds=self._body_seconds,
                budget=self._body_budget,
            )
            request = SignedRequest(
                scope["method"],
                _raw_path(scope),
                scope.get("query_string", b"").decode("latin-1"),
                headers,
                body,
            )
            caller = await self._authenticator.authenticate(request)
            match, params = self._understand(request, caller)
        except _Refused as refused:
            return _refusal(refused.failure, refused.service, own_id)
        except ServiceError as error:
            answer = _refusal(error, self._read_by(scope, headers), own_id)
            if isinstance(error, BodyTooLarge) and error.unread:
                answer.headers.append((b"connection", b"close"))
            return answer
        except ClientGone:
            raise
        except Exception as fault:
            return self._fault(fault, None, own_id)
        client = scope.get("client")
        call = Call(
            service=match.route.service.name,
            operation=match.route.operation.name,
            credentials=caller.credentials,
            region=caller.region,
            request_id=own_id,
            source_ip=client[0] if client else "",
            headers=headers,
            secure=scope.get("scheme") == "https",
        )
        return await self._perform(match.route, call, params)

    def _understand(self, request: SignedRequest, caller: Caller) -> tuple[Match, dict[str, Any]]:
        """The operation that is meant, and its input. Raise _Refused."""
        try:
            query = parse_query(without_signature(request.query))
            if request.path == "/" and is_form(request.headers.get("content-type", "")):
                query += parse_form(request.body)
        except SerializationFailure as failure:
            raise _Refused(failure, self._spoken_to(caller)) from None
        matches = self._router.match(request.method, request.path, query)
        if not matches:
            raise _Refused(self._unknown(request, caller), self._spoken_to(caller))
        fitting = [
            each for each in matches if each.route.service.signing_name == caller.signing_name
        ]
        if not fitting:
            expected = matches[0].route.service.signing_name
            raise invalid(f"Credential should be scoped to correct service: '{expected}'.")
        match = fitting[0]
        if len(fitting) > 1:
            match = _owner(fitting, query, request.body)
        service, operation = match.route.service, match.route.operation
        try:
            params = operation.parse(Parts(match.labels, query, request.headers, request.body))
            rule = service.rules.get(operation.name)
            if rule is not None and (failures := rule(params)):
                raise ValidationFailure(failures)
            return match, params
        except (SerializationFailure, ValidationFailure) as failure:
            raise _Refused(failure, service) from None

    async def _perform(self, route: Route, call: Call, params: dict[str, Any]) -> Answer:
        service, operation = route.service, route.operation
        handler = service.handlers.get(operation.name)
        try:
            pending = self._authorize(service, call, params)
            if pending is not None:
                await pending
            if handler is None:
                raise not_implemented(call)
            return operation.write(await handler(call, params) or {}, call.request_id)
        except (ServiceError, SerializationFailure, ValidationFailure, NotAuthorized) as failure:
            return _refusal(failure, service, call.request_id)
        except Exception as fault:
            return self._fault(fault, route, call.request_id)

    def _fault(self, fault: Exception, route: Route | None, own_id: str) -> Answer:
        """The answer to an exception that is no answer itself."""
        service = route.service if route else None
        for kind, make in self._unavailable:
            if isinstance(fault, kind):
                logger.warning("%s: %r", kind.__name__, fault, extra={"request_id": own_id})
                return _refusal(make(), service, own_id)
        name = f"{route.service.name} {route.operation.name}" if route else "the front door"
        logger.error(
            "unforeseen exception in %s", name, exc_info=fault, extra={"request_id": own_id}
        )
        declared = route.operation.errors if route else frozenset[str]()
        style: ErrorStyle = service.errors if service else _FRONT_STYLE
        return _refusal(style.internal(declared), service, own_id)

    def _unknown(self, request: SignedRequest, caller: Caller) -> ServiceError:
        """No operation has this path, or none at this path has this method."""
        status = 404
        for service in self._router.knows(request.path):
            if service.signing_name == caller.signing_name:
                status = service.errors.wrong_method_status
        what = "method is not allowed here" if status == 405 else "operation is unknown"
        return ServiceError("UnknownOperationException", f"The {what}.", status=status)

    def _spoken_to(self, caller: Caller) -> Service | None:
        """A service of the caller's credential scope: its dialect is what the caller reads."""
        for each in self.services:
            if each.signing_name == caller.signing_name:
                return each
        return None

    def _read_by(self, scope: Scope, headers: Mapping[str, str]) -> Service | None:
        """Who is asked for, before it is known who asks: only the query protocol shows it."""
        if scope["path"] != "/":
            return None
        if is_form(headers.get("content-type", "")) or b"Action=" in scope.get("query_string", b""):
            return next((each for each in self.services if each.model.protocol == "query"), None)
        return None


class _Refused(Exception):
    """Ends a request before its operation was called."""

    def __init__(self, failure: Refusal, service: Service | None) -> None:
        super().__init__(failure)
        self.failure = failure
        self.service = service


def not_implemented(call: Call) -> ServiceError:
    return ServiceError(
        "NotImplementedException",
        f"{call.operation} of {call.service} is not implemented by this server.",
        status=501,
    )


def _refusal(failure: Refusal, service: Service | None, own_id: str) -> Answer:
    """The answer in the dialect of the service; None: of no service in particular."""
    style: ErrorStyle = service.errors if service else _FRONT_STYLE
    if isinstance(failure, SerializationFailure):
        error = style.unreadable(failure)
    elif isinstance(failure, ValidationFailure):
        error = style.invalid(failure)
    elif isinstance(failure, NotAuthorized):
        error = style.denied(failure)
    else:
        error = failure
    if service is None:
        return write_error(error, None, style, _FRONT_WRITERS, own_id)
    return service.model.write_error(error, style, own_id)


def _owner(matches: list[Match], query: list[tuple[str, str]], body: bytes) -> Match:
    """Of services that share a path, the one whose resource is named; else the first."""
    texts = [value for _, value in query]
    try:
        document = load_json(body) if body else None
    except SerializationFailure:
        document = None
    if type(document) is dict:
        texts += [each for each in document.values() if type(each) is str]
    arns = [each for each in texts if each.startswith("arn:")]
    for match in matches:
        if any(match.route.service.owns(arn) for arn in arns):
            return match
    return matches[0]


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _raw_path(scope: Scope) -> str:
    """As on the wire. Servers that do not tell it have decoded it, which is as good as it gets."""
    raw: bytes | None = scope.get("raw_path")
    if raw is None:
        return quote(scope["path"])
    return raw.partition(b"?")[0].decode("latin-1")
