"""The messaging socket: who gets in (spec 6.1).

One invariant: *a token is spent if and only if its connection is in the room when the 101 leaves*:
everything else is checked before, and what fails afterwards gives the token back.
"""

from __future__ import annotations

from collections.abc import Mapping

from hubbub.bus.contract import Bus, BusUnavailable
from hubbub.ivschat import counts
from hubbub.ivschat.clock import Clock
from hubbub.ivschat.connection import ChatConnection, Desk
from hubbub.ivschat.engine.session import Session
from hubbub.ivschat.rooms_open import OpenRoom, RoomMissing, RoomsOpen
from hubbub.ivschat.session_ends import SessionEnds
from hubbub.ivschat.tokens import ChatTokens, Claims
from hubbub.settings import Limits
from hubbub.sockets import Accept, CloseCodes, Connection, Handshake, Refuse
from hubbub.store.contract import StoreUnavailable

MAX_MESSAGE_BYTES = 128 * 1024
SPENT_MARGIN_SECONDS = 60.0  # clocks of nodes may differ

NO_TOKEN = Refuse(401)
BAD_TOKEN = Refuse(403)
ROOM_GONE = Refuse(404)
TOO_MANY = Refuse(429)
UNAVAILABLE = Refuse(503)

_NOTHING: Mapping[str, str] = {}


class _Refused(Exception):
    """The handshake ends with this answer."""

    def __init__(self, answer: Refuse) -> None:
        super().__init__(answer.status)
        self.answer = answer


class ChatEndpoint:
    """Answers handshakes; `hubbub.sockets.Endpoint`."""

    max_message_bytes = MAX_MESSAGE_BYTES
    codes = CloseCodes()

    def __init__(
        self,
        *,
        tokens: ChatTokens,
        rooms: RoomsOpen,
        ends: SessionEnds,
        bus: Bus,
        clock: Clock,
        desk: Desk,
        limits: Limits,
    ) -> None:
        self._tokens = tokens
        self._rooms = rooms
        self._ends = ends
        self._bus = bus
        self._clock = clock
        self._desk = desk
        self._limits = limits
        self._counts: dict[str, int] = {}

    async def handshake(self, handshake: Handshake, connection: Connection) -> Accept | Refuse:
        try:
            token, claims = self._find_token(handshake.subprotocols)
            room = await self._hold(claims.room_arn)
            receiver = await self._admit(room, claims, connection)
        except _Refused as refused:
            return refused.answer
        return Accept(receiver, token)

    def _find_token(self, subprotocols: tuple[str, ...]) -> tuple[str, Claims]:
        """The one that is a token, if it can still be used."""
        if not subprotocols:
            raise _Refused(NO_TOKEN)
        now = self._clock.wall()
        for token in subprotocols:
            claims = self._tokens.open(token)
            if claims is not None and now < min(claims.token_ends, claims.session_ends):
                return token, claims
        raise _Refused(BAD_TOKEN)

    async def _hold(self, arn: str) -> OpenRoom:
        try:
            return await self._rooms.hold(arn)
        except RoomMissing:
            raise _Refused(ROOM_GONE) from None
        except (BusUnavailable, StoreUnavailable):
            raise _Refused(UNAVAILABLE) from None

    async def _admit(self, room: OpenRoom, claims: Claims, socket: Connection) -> ChatConnection:
        """Take a place under the quota, spend the token, enter; or leave all as it was."""
        scope = _scope(room)
        if self._bus.connections(scope) >= self._limits.concurrent_connections:
            self._rooms.release(room)
            raise _Refused(TOO_MANY)
        self._count(scope, 1)
        try:
            await self._spend(claims)
            return await self._enter_or_unspend(room, claims, socket)
        except BaseException:
            self._count(scope, -1)
            self._rooms.release(room)
            raise

    async def _spend(self, claims: Claims) -> None:
        life = max(0.0, claims.token_ends - self._clock.wall()) + SPENT_MARGIN_SECONDS
        try:
            first = await self._bus.spend(claims.token_id, life)
        except BusUnavailable:
            raise _Refused(UNAVAILABLE) from None
        if not first:
            raise _Refused(BAD_TOKEN)

    async def _enter_or_unspend(
        self, room: OpenRoom, claims: Claims, socket: Connection
    ) -> ChatConnection:
        try:
            return self._enter(room, claims, socket)
        except BaseException:
            await self._bus.unspend(claims.token_id)
            raise

    def _enter(self, room: OpenRoom, claims: Claims, socket: Connection) -> ChatConnection:
        """Into the room, in one step with no wait in it."""
        ends = self._clock.monotonic() + claims.session_ends - self._clock.wall()
        session = Session(
            user_id=claims.user_id,
            attributes=claims.attributes or _NOTHING,
            capabilities=claims.capabilities,
            expires_at=ends,
            requests_per_second=self._limits.connection_requests_per_second,
        )
        entered = ChatConnection(self._desk, room, session, socket, self._gone)
        entered.end = self._ends.add(ends, entered)
        room.add(entered)
        counts.connections_changed(1)
        return entered

    def _gone(self, connection: ChatConnection, room: OpenRoom) -> None:
        room.discard(connection)
        counts.connections_changed(-1)
        if connection.end is not None:
            self._ends.discard(connection.end)
        self._count(_scope(room), -1)
        self._rooms.release(room)

    def _count(self, scope: str, by: int) -> None:
        count = self._counts[scope] = self._counts.get(scope, 0) + by
        self._bus.report_connections(scope, count)


def _scope(room: OpenRoom) -> str:
    """What the quota of concurrent connections holds for: an account and region."""
    return f"ivschat:{room.room.account_id}:{room.room.region}"
