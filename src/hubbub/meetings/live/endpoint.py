"""The signalling WebSocket, ``/control/<MeetingId>`` (chime-meetings B.1).

One invariant: *every upgrade is accepted*, and who cannot come in is told why on the socket: a
browser hides HTTP statuses, and its client would try again for two minutes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

from hubbub.meetings.live.rooms import LiveRoom, close_later
from hubbub.meetings.live.stage import LiveStage
from hubbub.meetings.signalling import statuses
from hubbub.meetings.signalling.statuses import Farewell
from hubbub.meetings.stage import Admitted, Elsewhere, Ended
from hubbub.sockets import Accept, CloseCodes, Connection, Handshake, encode_binary
from hubbub.store.contract import StoreUnavailable

SUBPROTOCOL = "_aws_wt_session"
CONTENT = "#content"
MAX_FRAME_BYTES = 1 << 20
ADMISSION_SECONDS = 5.0
# Clients come back at once from 4500, and from no clean close once they are connected (B.9).
AGAIN = statuses.RESTART.close

REFUSALS: Mapping[type[Ended | Elsewhere | None], Farewell] = {
    Ended: statuses.ENDED,
    Elsewhere: statuses.OTHER_NODE,
    type(None): statuses.BAD_TOKEN,
}

logger = logging.getLogger("hubbub.meetings.live")


class ControlEndpoint:
    """`hubbub.sockets.Endpoint`. `stage` None: no meetings are held here."""

    max_message_bytes = MAX_FRAME_BYTES
    codes = CloseCodes(restart=AGAIN, overflow=AGAIN, failure=AGAIN)

    def __init__(self, stage: LiveStage | None) -> None:
        self._stage = stage

    async def handshake(self, handshake: Handshake, connection: Connection) -> Accept:
        chosen = SUBPROTOCOL if SUBPROTOCOL in handshake.subprotocols else None
        return Accept(await self._receiver(handshake, connection), chosen)

    async def _receiver(self, handshake: Handshake, connection: Connection) -> Inside | Outside:
        if self._stage is None:
            return refuse(connection, statuses.RESTART)
        token = next((each for each in handshake.subprotocols if each != SUBPROTOCOL), "")
        content = token.endswith(CONTENT)
        try:
            async with asyncio.timeout(ADMISSION_SECONDS):
                found = await self._stage.directory.admit(token.removesuffix(CONTENT))
        except (StoreUnavailable, TimeoutError):
            return refuse(connection, statuses.RESTART)
        except Exception:
            logger.exception("cannot admit")
            return refuse(connection, statuses.RESTART)
        # No await from here on: what was found holds now.
        if not isinstance(found, Admitted):
            return refuse(connection, REFUSALS[type(found)])
        if not is_of(found, handshake.path):
            return refuse(connection, statuses.BAD_TOKEN)
        room, session = self._stage.enter(found, content, connection)
        return Inside(room, session)


class Inside:
    """A session's socket (`hubbub.sockets.Receiver`)."""

    __slots__ = ("_room", "_session")

    def __init__(self, room: LiveRoom, session: int) -> None:
        self._room = room
        self._session = session

    def message(self, payload: bytes) -> None:
        self._room.frame(self._session, payload)

    def closed(self, code: int) -> None:
        self._room.socket_closed(self._session, code)


class Outside:
    """The socket of somebody who is not let in."""

    __slots__ = ()

    def message(self, payload: bytes) -> None:
        """It is about to close."""

    def closed(self, code: int) -> None: ...


def refuse(connection: Connection, reason: Farewell) -> Outside:
    frame = reason.frame(time.time())
    if frame is not None:
        connection.send(encode_binary(frame))
    close_later(connection, reason.close, reason.after_seconds, reason.reason)
    return Outside()


def is_of(admitted: Admitted, path: str) -> bool:
    """Is the token one of the meeting that the URL names?"""
    return path.rpartition("/")[2].lower() == admitted.meeting.meeting_id.lower()
