"""Which session stands for which member, and what the others are told (chime-meetings B.8, B.11).

One invariant: *a member that is present stays so, without a break, while one connection takes over
from another*: the new one is announced before the old one is taken back.
"""

from __future__ import annotations

from hubbub.meetings.media import commands
from hubbub.meetings.signalling import frames, roster
from hubbub.meetings.signalling.people import Person
from hubbub.meetings.signalling.session import Media, Session
from hubbub.meetings.signalling.state import Member, Stale, State


def take_up(state: State, member: Member, session: Session) -> None:
    """From now on this session stands for the member."""
    before, old_id = member.bearer, member.audio_stream_id
    member.bearer, member.leaves_at = session, None
    member.audio_stream_id = state.new_id() if session.has_audio else 0
    infos = [roster.joined(member, session)] if member.audio_stream_id else []
    if old_id:
        infos.append(roster.left(old_id, dropped=False))
    if infos:
        roster.tell(state, member, session, infos)
    if bool(old_id) != bool(member.audio_stream_id):
        state.occurred("Left" if old_id else "Joined", member)
    if before is not None:
        release(state, before)
    state.outdated(Stale.NOW if session.publication else Stale.SOON)


def depart(state: State, member: Member, *, dropped: bool) -> None:
    """No session stands for the member any more."""
    session, old_id = member.bearer, member.audio_stream_id
    member.bearer, member.leaves_at, member.audio_stream_id = None, None, 0
    if session is not None and old_id:
        roster.tell(state, member, session, [roster.left(old_id, dropped=dropped)])
        state.occurred("Dropped" if dropped else "Left", member)
    state.outdated(Stale.SOON)


def close_media(state: State, session: Session) -> None:
    if session.media in (Media.OPENING, Media.CONNECTED):
        state.command(commands.CloseSession(session.number))
    session.media = Media.GONE


def release(state: State, session: Session) -> None:
    """Let go of all that a session had but its socket."""
    close_media(state, session)
    session.receive_codecs = frozenset()
    if session.publication is not None:
        state.set_publication(session, None)
    state.tidy(session)


def set_gates(state: State, person: Person) -> None:
    """In the media engine, so that INDEX, which comes after, only says what is so already."""
    known = any(
        session.person is person and session.media in (Media.OPENING, Media.CONNECTED)
        for session in state.sessions.values()
    )
    if known and state.meeting is not None:
        state.command(commands.SetGates(state.meeting, person.number, person.gates))
    state.outdated(Stale.NOW)


def demote(state: State, person: Person, *, told: bool) -> None:
    """End a promotion (B.12), if there is one; `told`: the client does not know yet."""
    acting, person.promoted = person.promoted, None
    if acting is None:
        return
    for session in list(state.sessions.values()):
        if session.person is not person:
            continue
        member = state.member(acting, content=session.content)
        if member.bearer is session:
            depart(state, member, dropped=False)
        if told and not session.content:
            state.send(session, frames.encode(frames.PRIMARY_MEETING_LEAVE, state.now))
    set_gates(state, person)
