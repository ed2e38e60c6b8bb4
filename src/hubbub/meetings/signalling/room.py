"""One live meeting in virtual time: the primary and its replicas' sessions together.

Everything that happens to the meeting is a call of `Room`, with the time as its last argument
(`now`, epoch seconds, never going back); what is to be done comes back as a list of effects, in
order (effects.py). Nothing here reads a clock, a socket or a database, and no call raises, whatever
a client sends.

The caller's part:

* A WebSocket is accepted, its token admitted: `opened` with a session number of its own. Each
  binary message is a `frame`. Once the socket has gone, whoever closed it: `socket_closed`.
* A token that is admitted nowhere never gets here: `farewell` says what to send and how to close.
* `Command`s go to the media engine in order; the engine's events come back through `media`.
  Sessions are named there by the same numbers, the meeting by `Room.meeting`, which changes when
  the engine has lost it.
* `next_at` says when `tick` has to be called, if nothing else happens before; look at it after each
  call.
* `Verify` asks for a look at the control plane, answered by `verified`.
* The control plane's changes: `capabilities_changed`, `attendee_deleted`, `replica_ended`, `end`.
  The first two take effect in the order of the calls, for attendees that come later too.
* Transcription: `transcribe` turns the engine's pcm events on and off, `speaker` tells whose they
  are, `transcript` sends what came of them to everybody.

One invariant, besides those of the parts: *what the media engine has to do for a change goes out
before what clients are told of it*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hubbub.meetings.capabilities import Capabilities
from hubbub.meetings.media import commands, events
from hubbub.meetings.sdp import LocalTransport
from hubbub.meetings.signalling import (
    engine_events,
    frames,
    handlers,
    index,
    lifecycle,
    presence,
    promotion,
    statuses,
    submission,
)
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.effects import CloseSocket, Effect, Send
from hubbub.meetings.signalling.handlers import HANDLERS, NO_ANSWER
from hubbub.meetings.signalling.people import Person
from hubbub.meetings.signalling.rules import Attendee, Rules
from hubbub.meetings.signalling.session import Connection, Phase, Session
from hubbub.meetings.signalling.state import Stale, State

SOON = 0.1  # seconds in which changes of INDEX are gathered that nobody can see

Effects = list[Effect]


class Room:
    """`new_number` gives numbers that nothing in the engine has; `transport` our side of one
    PeerConnection; `new_ssrc` an ssrc that nothing in the meeting has.
    """

    def __init__(
        self,
        rules: Rules,
        new_number: Callable[[], int],
        transport: Callable[[], LocalTransport],
        new_ssrc: Callable[[], int],
        now: float,
    ) -> None:
        self._state = State(rules, new_number, transport, new_ssrc, now)
        self._index_at: float | None = None

    @property
    def meeting(self) -> int | None:
        """The media engine's name for the meeting; None: it has none now."""
        return self._state.meeting

    def has_audio(self, meeting_id: str) -> bool:
        """Has anybody of this meeting, the primary or a replica, an audio connection (A.8)?"""
        return any(
            member.audio_stream_id and member.person.attendee.meeting_id == meeting_id
            for member in self._state.members.values()
        )

    def speaker(self, session: int) -> Attendee | None:
        """Who is heard in a session; None: nobody who takes part."""
        known = self._state.sessions.get(session)
        if known is None or not known.person.takes_part:
            return None
        return known.person.acting.attendee

    def next_at(self) -> float | None:
        return self._state.next_at()

    # WebSockets

    def opened(self, session: int, attendee: Attendee, content: bool, now: float) -> Effects:
        """`content`: the token came with ``#content``."""
        state = self._begin(now)
        if state.over:
            return farewell(session, statuses.ENDED, now)
        state.sessions[session] = Session(
            session,
            state.person(attendee),
            content,
            Connection(state.transport(), state.new_ssrc),
            opened_at=now,
        )
        state.wake_at(now + lifecycle.JOIN_WITHIN)
        return self._done()

    def frame(self, session: int, data: bytes, now: float) -> Effects:
        """A binary message of a client."""
        state = self._begin(now)
        known = state.sessions.get(session)
        if known is None or not known.socket:
            return self._done()
        if not known.pace.permits(len(data), now):
            self._misbehaved(known, statuses.FLOODING)
            return self._done()
        try:
            frame = frames.decode(data)
        except frames.Undecodable:
            self._misbehaved(known, statuses.MALFORMED)
            return self._done()
        if frame is not None:
            self._handle(known, frame)
        return self._done()

    def _handle(self, session: Session, frame: pb.SdkSignalFrame) -> None:
        since, handler = HANDLERS.get(frame.type, NO_ANSWER)
        if session.phase < since:
            return
        if session.phase is Phase.ENDED and handler is not handlers.leave:
            return
        if session.pace.permits_kind(frame.type, self._state.now):
            handler(self._state, session, frame)
        else:
            self._misbehaved(session, statuses.FLOODING)

    def _misbehaved(self, session: Session, reason: statuses.Farewell) -> None:
        if session.phase is not Phase.ENDED:
            lifecycle.remove(self._state, session, reason)

    def socket_closed(self, session: int, now: float, code: int = 1006) -> Effects:
        """`code`: that of the client's close frame; 1006: there was none."""
        state = self._begin(now)
        known = state.sessions.get(session)
        if known is not None and known.socket:
            lifecycle.socket_closed(state, known, code)
        return self._done()

    def verified(self, session: int, attendee: Attendee | None, now: float) -> Effects:
        """The answer to `Verify`: whose token it is; None: nobody's."""
        state = self._begin(now)
        known = state.sessions.get(session)
        if known is not None:
            promotion.verified(state, known, attendee)
        return self._done()

    # the media engine

    def media(self, event: events.Event, now: float) -> Effects:
        engine_events.handle(self._begin(now), event)
        return self._done()

    # the control plane

    def capabilities_changed(self, changed: Mapping[str, Capabilities], now: float) -> Effects:
        """By attendee id; of those who are not here, too."""
        state = self._begin(now)
        state.capabilities.update(changed)
        for person in state.people.values():
            capabilities = changed.get(person.attendee.attendee_id)
            if capabilities is not None:
                person.capabilities = capabilities
        for person in state.people.values():
            if person.acting.attendee.attendee_id in changed:
                presence.set_gates(state, person)
        return self._done()

    def attendee_deleted(self, attendee_id: str, now: float) -> Effects:
        state = self._begin(now)
        state.capabilities.pop(attendee_id, None)
        person = state.people.pop(attendee_id, None)
        if person is not None:
            for other in list(state.people.values()):
                if other.promoted is person:
                    presence.demote(state, other, told=True)
            self._remove_all([person], statuses.REMOVED)
        return self._done()

    def replica_ended(self, meeting_id: str, now: float) -> Effects:
        """One of the replicas has ended; the primary goes on."""
        state = self._begin(now)
        people = [
            person for person in state.people.values() if person.attendee.meeting_id == meeting_id
        ]
        for person in people:
            del state.people[person.attendee.attendee_id]
        self._remove_all(people, statuses.ENDED)
        return self._done()

    def end(self, now: float) -> Effects:
        """The meeting has ended, and all of its replicas with it."""
        state = self._begin(now)
        state.over = True
        self._remove_all(list(state.people.values()), statuses.ENDED)
        if state.meeting is not None:
            state.command(commands.EndMeeting(state.meeting))
            state.meeting = None
        return self._done()

    def _remove_all(self, people: list[Person], reason: statuses.Farewell) -> None:
        """End all of their sessions, those first that would hear of the others' ends."""
        state = self._state
        gone = set(people)
        theirs = [each for each in state.sessions.values() if each.person in gone]
        for session in theirs:
            if session.phase is not Phase.ENDED:
                lifecycle.say_farewell(state, session, reason)
        for session in theirs:
            lifecycle.leave(state, session)
        for person in people:
            for content in (False, True):
                state.members.pop((person.attendee.attendee_id, content), None)

    # transcription

    def transcribe(self, on: bool, now: float) -> Effects:
        """Have the engine tell what is said, or no longer."""
        state = self._begin(now)
        state.transcribed = on
        if state.meeting is not None:
            state.command(commands.Transcribe(state.meeting, on))
        return self._done()

    def transcript(self, payload: bytes, now: float) -> Effects:
        """Send a serialised SdkTranscriptFrame to everybody."""
        submission.send_transcript(self._begin(now), payload)
        return self._done()

    # time

    def tick(self, now: float) -> Effects:
        state = self._begin(now)
        if state.is_due():
            lifecycle.sweep(state)
            if self._index_at is not None and self._index_at <= now:
                state.outdated(Stale.NOW)
        return self._done()

    def _begin(self, now: float) -> State:
        self._state.now = now
        return self._state

    def _done(self) -> Effects:
        state = self._state
        if state.stale is Stale.NOW:
            index.update(state)
            self._index_at = None
        elif state.stale is Stale.SOON and self._index_at is None:
            self._index_at = state.now + SOON
            state.wake_at(self._index_at)
        state.stale = Stale.NO
        done, state.out = state.out, []
        return done


def farewell(session: int, reason: statuses.Farewell, now: float) -> Effects:
    """For a WebSocket that gets to no room: `statuses.BAD_TOKEN`, `ENDED`, `RESTART`."""
    frame = reason.frame(now)
    told: Effects = [] if frame is None else [Send(session, frame)]
    return [*told, CloseSocket(session, reason.close, reason.after_seconds)]
