"""What all parts of a room share: who is there, what is published, what is to be done.

Its parts are modules of functions that take this state. `now` is the time of the input that is
being worked on; `out` collects what comes of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.media import commands
from hubbub.meetings.sdp import LocalTransport
from hubbub.meetings.signalling.effects import (
    CloseSocket,
    Command,
    Effect,
    Occurred,
    Send,
    SendAll,
)
from hubbub.meetings.signalling.messages import Messages
from hubbub.meetings.signalling.people import Person
from hubbub.meetings.signalling.publications import Publication
from hubbub.meetings.signalling.rules import Attendee, Rules
from hubbub.meetings.signalling.session import Session, label

IDS_PER_SECOND = 1000
"""By which ids outrun those given before a restart; a meeting lasts 24 h, so they fit in u32."""


@dataclass(slots=True, eq=False)
class Member:
    """One entry of the roster: an attendee, or its content half.

    `current` is the session that joined last, `bearer` the one whose media stand for the member;
    they differ while a new connection is about to take over from the one before.
    """

    person: Person
    content: bool
    current: Session | None = None
    bearer: Session | None = None
    audio_stream_id: int = 0  # 0: it is not on the roster
    leaves_at: float | None = None  # unless a connection takes over before
    filming: bool = False  # its video was told to have started

    @property
    def label(self) -> str:
        return label(self.person, content=self.content)

    @property
    def is_public(self) -> bool:
        """Who watches from a replica is on nobody's roster but its own."""
        return not self.person.attendee.replica


class Stale(IntEnum):
    """How soon INDEX has to be looked at again."""

    NO = 0
    SOON = 1  # numbers and codecs; many join at a time
    NOW = 2  # what can be seen


class State:
    def __init__(
        self,
        rules: Rules,
        new_number: Callable[[], int],
        transport: Callable[[], LocalTransport],
        new_ssrc: Callable[[], int],
        now: float,
    ) -> None:
        self.rules = rules
        self.new_number = new_number
        self.transport = transport
        self.new_ssrc = new_ssrc
        self.now = now
        self.out: list[Effect] = []
        self.sessions: dict[int, Session] = {}
        self.members: dict[tuple[str, bool], Member] = {}
        self.people: dict[str, Person] = {}
        self.capabilities: dict[str, Capabilities] = {}  # as changed while the room is there
        self.streams: dict[int, Session] = {}
        self.starved: frozenset[int] = frozenset()
        self.messages = Messages()
        self.meeting: int | None = None  # the engine's name for it, once it has one
        self.transcribed = False
        self.over = False
        self.stale = Stale.NO
        self._last_id = max(0, int((now - rules.created_at) * IDS_PER_SECOND))
        self._due: list[float] = []

    # ids

    def new_id(self) -> int:
        """A stream, group or audio stream id: higher than all before."""
        self._last_id += 1
        return self._last_id

    # who is there

    def person(self, attendee: Attendee) -> Person:
        known = self.people.get(attendee.attendee_id)
        if known is None:
            changed = self.capabilities.get(attendee.attendee_id, attendee.capabilities)
            known = Person(self.new_number(), attendee, changed)
            self.people[attendee.attendee_id] = known
        return known

    def member(self, person: Person, *, content: bool) -> Member:
        key = (person.attendee.attendee_id, content)
        known = self.members.get(key)
        if known is None:
            known = self.members[key] = Member(person, content)
        return known

    def own_member(self, session: Session) -> Member:
        return self.member(session.person, content=session.content)

    def borne(self, session: Session) -> Iterator[Member]:
        """The members that a session stands for: its own, and whom it is promoted to."""
        for person in (session.person, session.person.promoted):
            if person is not None:
                member = self.members.get((person.attendee.attendee_id, session.content))
                if member is not None and member.bearer is session:
                    yield member

    def listeners(self) -> tuple[int, ...]:
        return tuple(each.number for each in self.sessions.values() if each.is_listening)

    def tidy(self, session: Session) -> None:
        """Forget a session that nothing holds any more."""
        held = session.socket or any(True for _ in self.borne(session))
        if not held:
            self.sessions.pop(session.number, None)

    # what is to be done

    def send(self, session: Session, frame: bytes) -> None:
        if session.socket:
            self.out.append(Send(session.number, frame))

    def send_all(self, sessions: tuple[int, ...], frame: bytes) -> None:
        if sessions:
            self.out.append(SendAll(sessions, frame))

    def close(self, session: Session, code: int, after_seconds: float) -> None:
        self.out.append(CloseSocket(session.number, code, after_seconds))

    def command(self, command: commands.Command) -> None:
        self.out.append(Command(command))

    def occurred(self, name: str, member: Member) -> None:
        """`name` as an attendee's; a content half has events of its own."""
        half = "Content" if member.content else ""
        attendee = member.person.attendee
        self.out.append(
            Occurred(
                f"chime:Attendee{half}{name}",
                attendee.meeting_id,
                member.label,
                attendee.external_user_id,
            )
        )

    def outdated(self, stale: Stale) -> None:
        self.stale = max(self.stale, stale)

    # timers

    def wake_at(self, at: float) -> None:
        heapq.heappush(self._due, at)

    def next_at(self) -> float | None:
        return self._due[0] if self._due else None

    def is_due(self) -> bool:
        """Has a time come that something waits for? It does not wait any longer."""
        due = False
        while self._due and self._due[0] <= self.now:
            heapq.heappop(self._due)
            due = True
        return due

    # media

    def engine_meeting(self) -> int:
        """The engine's name for the meeting, which begins here if it has not."""
        if self.meeting is None:
            self.meeting = self.new_number()
            self.command(
                commands.CreateMeeting(
                    self.meeting, self.rules.video_limit, self.rules.content_limit
                )
            )
            if self.transcribed:
                self.command(commands.Transcribe(self.meeting, True))
        return self.meeting

    def group_of(self, stream: int) -> int:
        """0: nobody publishes it."""
        session = self.streams.get(stream)
        publication = session.publication if session is not None else None
        return publication.group if publication is not None else 0

    def set_publication(self, session: Session, publication: Publication | None) -> None:
        if session.publication is not None:
            for layer in session.publication.layers:
                self.streams.pop(layer.stream, None)
        session.publication = publication
        if publication is not None:
            for layer in publication.layers:
                self.streams[layer.stream] = session
        self.outdated(Stale.NOW)
