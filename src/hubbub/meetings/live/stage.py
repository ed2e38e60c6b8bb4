"""Runs the live meetings of this process (`hubbub.meetings.stage.Stage`).

Rooms come up with the first attendee that is admitted and go with their meeting; a replica's
attendees are in its primary's room.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import time
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.live.rooms import LiveRoom
from hubbub.meetings.media.commands import Command, CreateMeeting, EndMeeting
from hubbub.meetings.media.engine import Engine
from hubbub.meetings.media.events import Event, Failed, Pcm
from hubbub.meetings.sdp import Candidate, LocalTransport
from hubbub.meetings.signalling.effects import Occurred, Verify
from hubbub.meetings.signalling.room import Room
from hubbub.meetings.signalling.rules import Attendee, Rules
from hubbub.meetings.stage import Admitted, Directory, Meeting
from hubbub.meetings.transcription import Speaker, Transcriptions
from hubbub.settings import Limits
from hubbub.sockets import Connection

logger = logging.getLogger("hubbub.meetings.live")


class LiveStage:
    """`directory`, `engine` and `transcriptions` are set before anything is asked of it."""

    directory: Directory
    engine: Engine
    transcriptions: Transcriptions

    def __init__(self, candidates: tuple[Candidate, ...], limits: Limits) -> None:
        self.candidates = candidates
        self._limits = limits
        self._rooms: dict[str, LiveRoom] = {}  # by the primary's id
        self._primaries: dict[str, str] = {}  # replica -> primary
        self._by_session: dict[int, LiveRoom] = {}
        self._by_engine_meeting: dict[int, LiveRoom] = {}
        self._transcribed: set[str] = set()  # started here
        self._tapped: set[str] = set()
        self._numbers = itertools.count(1)
        self._ssrcs = itertools.count(secrets.randbits(32))
        self._tasks: set[asyncio.Task[None]] = set()
        self._began = time.time() - time.monotonic()

    # for rooms (`hubbub.meetings.live.rooms.House`)

    def now(self) -> float:
        return self._began + time.monotonic()

    def tell(self, room: LiveRoom, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, CreateMeeting):
                self._by_engine_meeting[command.meeting] = room
            elif isinstance(command, EndMeeting):
                self._by_engine_meeting.pop(command.meeting, None)
        self.engine.tell(commands)

    def occurred(self, event: Occurred) -> None:
        self.directory.occurred(
            event.meeting_id,
            event.event_type,
            event.attendee_id,
            event.external_user_id,
            event.extra,
        )

    def verify(self, room: LiveRoom, asked: Verify) -> None:
        self._spawn(self._verify(room, asked))

    async def _verify(self, room: LiveRoom, asked: Verify) -> None:
        attendee = None
        try:
            admitted = await self.directory.admit(asked.join_token)
            if isinstance(admitted, Admitted):
                attendee = attendee_of(admitted)
        except Exception:
            logger.exception("cannot look up credentials")
        room.verified(asked.session, attendee)

    def forget(self, session: int) -> None:
        self._by_session.pop(session, None)

    # for the endpoint

    def enter(self, admitted: Admitted, content: bool, socket: Connection) -> tuple[LiveRoom, int]:
        """The room and the session's number in it."""
        room = self._room(admitted)
        session = next(self._numbers)
        self._by_session[session] = room
        room.opened(session, attendee_of(admitted), content, socket)
        return room, session

    def _room(self, admitted: Admitted) -> LiveRoom:
        primary = admitted.primary or admitted.meeting
        if primary is not admitted.meeting:
            self._primaries[admitted.meeting.meeting_id] = primary.meeting_id
        room = self._rooms.get(primary.meeting_id)
        if room is None:
            room = LiveRoom(primary.meeting_id, self._new_room(primary), self)
            self._rooms[primary.meeting_id] = room
            if primary.meeting_id in self._tapped:
                room.transcribe(True)
            transcription = admitted.transcription
            if transcription is not None and primary.meeting_id not in self._transcribed:
                # Started before this process was.
                self.transcription_started(
                    primary.meeting_id, transcription.configuration, transcription.region
                )
        return room

    def _new_room(self, meeting: Meeting) -> Room:
        limits = self._limits
        rules = Rules(
            meeting_id=meeting.meeting_id,
            created_at=meeting.created_at,
            video_limit=meeting.features.video_limit,
            content_limit=meeting.features.content_limit,
            attendees=min(meeting.features.max_attendees, limits.attendees_per_meeting),
            cameras=limits.videos_per_meeting,
            shares=limits.content_shares_per_meeting,
            received=limits.videos_per_attendee,
        )
        return Room(rules, self._numbers.__next__, self._transport, self._new_ssrc, self.now())

    def _transport(self) -> LocalTransport:
        """ICE wants 24 random bits in the ufrag and 128 in the password (RFC 8445 5.3)."""
        ufrag, pwd = secrets.token_hex(6), secrets.token_hex(16)
        return LocalTransport(ufrag, pwd, self.engine.fingerprint, self.candidates)

    def _new_ssrc(self) -> int:
        """One after the other, from a random one on: none twice in 2**32."""
        return next(self._ssrcs) % 0xFFFF_FFFF + 1

    # the control plane's (`hubbub.meetings.stage.Stage`)

    def why_unavailable(self) -> str | None:
        return None

    def meeting_created(self, meeting: Meeting) -> None:
        if meeting.primary_meeting_id is not None:
            self._primaries[meeting.meeting_id] = meeting.primary_meeting_id

    def meeting_ended(self, meeting_id: str) -> None:
        primary = self._primaries.pop(meeting_id, None)
        if primary is not None:
            room = self._rooms.get(primary)
            if room is not None:
                room.replica_ended(meeting_id)
            return
        self.transcriptions.end(meeting_id)
        self._transcribed.discard(meeting_id)
        self._tapped.discard(meeting_id)
        room = self._rooms.pop(meeting_id, None)
        if room is not None:
            room.end()

    def let_go(self, meeting_id: str) -> None:
        self.transcriptions.end(meeting_id)
        self._transcribed.discard(meeting_id)
        self._tapped.discard(meeting_id)
        room = self._rooms.pop(meeting_id, None)
        if room is not None:
            logger.warning("another node holds a meeting now", extra={"meeting": meeting_id})
            room.let_go()

    def attendee_deleted(self, meeting_id: str, attendee_id: str) -> None:
        room = self._find(meeting_id)
        if room is not None:
            room.attendee_deleted(attendee_id)

    def capabilities_changed(self, meeting_id: str, changed: Mapping[str, Capabilities]) -> None:
        room = self._find(meeting_id)
        if room is not None:
            room.capabilities_changed(changed)

    def transcription_started(
        self, meeting_id: str, configuration: Mapping[str, Any], region: str
    ) -> None:
        self._transcribed.add(meeting_id)
        self.transcriptions.start(meeting_id, configuration, region)

    def transcription_stopped(self, meeting_id: str) -> None:
        self._transcribed.discard(meeting_id)
        self.transcriptions.stop(meeting_id)

    def transcribed(self) -> Collection[str]:
        return self.transcriptions.running

    def has_audio(self, meeting_id: str) -> bool:
        room = self._find(meeting_id)
        return room is not None and room.has_audio(meeting_id)

    def _find(self, meeting_id: str) -> LiveRoom | None:
        return self._rooms.get(self._primaries.get(meeting_id, meeting_id))

    # the media engine's events

    def happened(self, events: Sequence[Event]) -> None:
        for event in events:
            try:
                self._happened(event)
            except Exception:
                logger.exception("a room failed on an event of the media engine")

    def _happened(self, event: Event) -> None:
        meeting: int | None = getattr(event, "meeting", None)
        if meeting is not None:
            room = self._by_engine_meeting.get(meeting)
        else:
            room = self._by_session.get(event.session)  # type: ignore[union-attr]
        if room is None:
            return  # events and commands cross on their way
        if isinstance(event, Pcm):
            speaker = room.speaker(event.session)
            if speaker is not None:
                who = Speaker(speaker.attendee_id, speaker.external_user_id)
                self.transcriptions.hear(room.meeting_id, who, event.at_ms, event.samples)
            return
        if isinstance(event, Failed):
            logger.error(
                "the media of a meeting failed",
                extra={"meeting": room.meeting_id, "reason": event.reason},
            )
            self._by_engine_meeting.pop(event.meeting, None)
        room.media(event)

    # for transcriptions

    def tap(self, meeting_id: str, on: bool) -> None:
        if on:
            self._tapped.add(meeting_id)
        else:
            self._tapped.discard(meeting_id)
        room = self._rooms.get(meeting_id)
        if room is not None:
            room.transcribe(on)

    def deliver(self, meeting_id: str, frame: bytes) -> None:
        room = self._rooms.get(meeting_id)
        if room is not None:
            room.transcript(frame)

    # the whole

    def __len__(self) -> int:
        """Meetings in which somebody is or was."""
        return len(self._rooms)

    @property
    def sockets(self) -> int:
        return sum(map(len, self._rooms.values()))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.transcriptions.close()
        self.engine.close()


def attendee_of(admitted: Admitted) -> Attendee:
    return Attendee(
        admitted.meeting.meeting_id,
        admitted.attendee.attendee_id,
        admitted.attendee.external_user_id,
        admitted.capabilities,
        replica=admitted.primary is not None,
    )
