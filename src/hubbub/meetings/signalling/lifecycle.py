"""How sessions come up, are taken over, and end (chime-meetings B.8, B.9, B.11).

One invariant: *whatever happens to a connection, its member leaves once*: by LEAVE or a farewell at
once, otherwise when neither the connection nor a successor has been there for a while. Where the
WebSocket is gone and no media come either, that is as long as a quick reconnect takes.
"""

from __future__ import annotations

from hubbub.meetings.signalling import statuses
from hubbub.meetings.signalling.presence import (
    close_media,
    demote,
    depart,
    release,
    take_up,
)
from hubbub.meetings.signalling.session import Media, Phase, Session
from hubbub.meetings.signalling.state import Member, State
from hubbub.meetings.signalling.statuses import Farewell

DROP_AFTER = 15.0  # seconds without a socket or a successor, while media may still come
GONE_AFTER = 2.0  # without either
QUIET_FOR = 1.0  # the media engine tells of a silence that has lasted so long
CONNECT_WITHIN = 15.0  # after which clients give an attempt up
JOIN_WITHIN = 60.0  # seconds that a socket may be open before anybody joins on it
GOING_AWAY = 1001  # what a browser says when its page is left


def connected(state: State, session: Session) -> None:
    """Its media are up: it is present, and what it publishes is to be seen."""
    session.media = Media.CONNECTED
    take_up(state, state.own_member(session), session)
    promoted = session.person.promoted
    if promoted is not None:
        take_up(state, state.member(promoted, content=session.content), session)


def take_over(state: State, session: Session) -> None:
    """A JOIN: this is now the member's connection. The one before stays until media are up."""
    for person in list(state.people.values()):
        if person.promoted is session.person:
            demote(state, person, told=True)
    member = state.own_member(session)
    old, member.current = member.current, session
    if old is None:
        return
    same_client = old.audio_session_id == session.audio_session_id != 0
    say_farewell(state, old, statuses.SUPERSEDED if same_client else statuses.ELSEWHERE)
    if not old.content:
        demote(state, old.person, told=False)
    if member.bearer is old:
        # Once only, so that attempts that all fail do not keep it present.
        member.leaves_at = None
        leave_at(state, member, state.now + CONNECT_WITHIN)
    else:
        release(state, old)


def media_opening(state: State, session: Session) -> None:
    """Its client has a PeerConnection; the one of the connection before is no longer needed."""
    session.media = Media.OPENING
    before = state.own_member(session).bearer
    if before is not None:
        close_media(state, before)


def say_farewell(state: State, session: Session, farewell: Farewell) -> None:
    """Whatever comes from the client after this is ignored."""
    session.phase = Phase.ENDED
    if session.socket:
        frame = farewell.frame(state.now)
        if frame is not None:
            state.send(session, frame)
        state.close(session, farewell.close, farewell.after_seconds)


def end(state: State, session: Session, *, dropped: bool) -> None:
    """It is over, and whom it stood for has left."""
    session.phase = Phase.ENDED
    member = state.own_member(session)
    for each in list(state.borne(session)):
        depart(state, each, dropped=dropped)
    if member.current is session:
        member.current = None
        if not session.content:
            demote(state, session.person, told=False)
    release(state, session)


def leave(state: State, session: Session) -> None:
    """On purpose, and so that the connection before does not stand for its member either."""
    member = state.own_member(session)
    before = member.bearer
    if member.current is session and before is not None and before is not session:
        end(state, before, dropped=False)
    end(state, session, dropped=False)


def remove(state: State, session: Session, farewell: Farewell) -> None:
    say_farewell(state, session, farewell)
    leave(state, session)


def lose(state: State, session: Session) -> None:
    """Nobody is there, or somebody who has to connect anew."""
    say_farewell(state, session, statuses.MEDIA_LOST)
    end(state, session, dropped=True)


def socket_closed(state: State, session: Session, code: int) -> None:
    session.socket = False
    if session.phase is Phase.ENDED:
        state.tidy(session)
        return
    member = state.own_member(session)
    if member.bearer is not session or code == GOING_AWAY:
        end(state, session, dropped=True)
    elif session.media is Media.GONE:
        leave_at(state, member, state.now + GONE_AFTER)
    else:
        session.cut_at = state.now
        await_reconnect(state, member, session)


def media_quiet(state: State, session: Session, *, quiet: bool) -> None:
    """Nothing comes from its client any more, or something does again."""
    session.quiet = quiet
    is_there = session.media is Media.CONNECTED and session.phase is not Phase.ENDED
    if is_there and not session.socket:
        await_reconnect(state, state.own_member(session), session)


def await_reconnect(state: State, member: Member, session: Session) -> None:
    """Its socket has gone, and the engine has not given its media up."""
    if session.quiet:
        member.leaves_at = max(session.cut_at, state.now - QUIET_FOR) + GONE_AFTER
    else:
        member.leaves_at = session.cut_at + DROP_AFTER
    state.wake_at(member.leaves_at)


def media_closed(state: State, session: Session, *, silent: bool) -> None:
    """The engine has given the session up. `silent`: nothing came for as long as it waits."""
    session.media = Media.GONE
    if session.phase is Phase.ENDED:
        return  # its successor is on the way, or its member's time comes
    member = state.own_member(session)
    if member.bearer is session and not silent:
        leave_at(state, member, state.now + GONE_AFTER)
    else:
        lose(state, session)


def media_failed(state: State, session: Session) -> None:
    """The engine has lost the whole meeting: all connect anew, and stay present meanwhile."""
    session.media = Media.GONE
    if session.phase is Phase.ENDED:
        return
    member = state.own_member(session)
    say_farewell(state, session, statuses.MEDIA_LOST)
    if member.bearer is not session:
        end(state, session, dropped=True)
        return
    member.current = None
    if not session.content:
        demote(state, session.person, told=False)
    leave_at(state, member, state.now + DROP_AFTER)


def leave_at(state: State, member: Member, at: float) -> None:
    """Unless something makes it leave earlier, or another connection takes over."""
    member.leaves_at = at if member.leaves_at is None else min(at, member.leaves_at)
    state.wake_at(member.leaves_at)


def sweep(state: State) -> None:
    """Members whose time has come, and sockets on which nobody joins."""
    for member in list(state.members.values()):
        session = member.bearer
        if session is None or member.leaves_at is None or member.leaves_at > state.now:
            continue
        if session.phase is Phase.ENDED:
            end(state, session, dropped=True)
        else:
            lose(state, session)
    for session in list(state.sessions.values()):
        if session.phase is Phase.OPENED and session.opened_at + JOIN_WITHIN <= state.now:
            remove(state, session, statuses.IDLE)
