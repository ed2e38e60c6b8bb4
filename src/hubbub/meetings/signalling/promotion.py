"""Attendees of a replica who act in the primary for a while (chime-meetings B.12).

One invariant: *a promotion is of an attendee's connection as it is now*: it ends with the main
session that had it, whatever becomes of the client. While it lasts both of the attendee's halves
stand for the primary's attendee; on its own roster the attendee stays who it is.
"""

from __future__ import annotations

from hubbub.meetings.signalling import frames, lifecycle, statuses
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.effects import Verify
from hubbub.meetings.signalling.presence import demote, set_gates, take_up
from hubbub.meetings.signalling.rules import Attendee
from hubbub.meetings.signalling.session import Media, Phase, Session
from hubbub.meetings.signalling.state import State

CONTENT = "#content"


def ask(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    """PRIMARY_MEETING_JOIN: whose credentials are these?"""
    if not session.person.attendee.replica:
        acknowledge(state, session, statuses.NOT_A_REPLICA)
        return
    credentials = frame.primary_meeting_join.credentials
    session.promoting = credentials.attendee_id.removesuffix(CONTENT).lower()
    token = credentials.join_token.removesuffix(CONTENT)
    state.out.append(Verify(session.number, token, session.promoting))


def verified(state: State, session: Session, attendee: Attendee | None) -> None:
    """Whose they are; None: nobody's."""
    asked, session.promoting = session.promoting, None
    if asked is None or session.phase is Phase.ENDED:
        return
    if (
        attendee is None
        or attendee.meeting_id != state.rules.meeting_id
        or attendee.attendee_id.lower() != asked
    ):
        acknowledge(state, session, statuses.BAD_CREDENTIALS)
        return
    begin(state, session, attendee)
    acknowledge(state, session)


def begin(state: State, session: Session, attendee: Attendee) -> None:
    """Whoever is the attendee now is no longer."""
    person, acting = session.person, state.person(attendee)
    if person.promoted is acting:
        return
    demote(state, person, told=False)
    for rival in list(state.people.values()):
        if rival.promoted is acting:
            demote(state, rival, told=True)
    for other in list(state.sessions.values()):
        if other.person is acting and other.phase is not Phase.ENDED:
            lifecycle.remove(state, other, statuses.ELSEWHERE)
    person.promoted = acting
    set_gates(state, person)
    for half in list(state.sessions.values()):
        if half.person is person and half.media is Media.CONNECTED:
            take_up(state, state.member(acting, content=half.content), half)


def give_up(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    """PRIMARY_MEETING_LEAVE: it only watches from now on."""
    demote(state, session.person, told=False)


def acknowledge(state: State, session: Session, error: tuple[int, str] | None = None) -> None:
    ack = frames.encode(frames.PRIMARY_MEETING_JOIN_ACK, state.now, error=error)
    state.send(session, ack)
