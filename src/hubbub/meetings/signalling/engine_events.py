"""What the media engine tells, and what comes of it for clients.

One invariant: *an event of a session or stream that is no longer known here leads to nothing*:
events and commands cross on their way.
"""

from __future__ import annotations

from hubbub.meetings.media import events
from hubbub.meetings.signalling import frames, index, lifecycle, statuses, volumes
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.session import Media, Phase, Session
from hubbub.meetings.signalling.state import Stale, State

OfSession = events.Connected | events.Closed | events.Quiet | events.Paused | events.Resumed
OfMeeting = (
    events.Levels
    | events.Signals
    | events.Bitrates
    | events.Starved
    | events.Source
    | events.Failed
)


def handle(state: State, event: events.Event) -> None:
    """`FirstAudio` and `Pcm` are of no concern here."""
    if isinstance(event, OfSession):
        session = state.sessions.get(event.session)
        if session is not None:
            _of_session(state, session, event)
    elif isinstance(event, OfMeeting) and event.meeting == state.meeting:
        _of_meeting(state, event)


def _of_session(state: State, session: Session, event: OfSession) -> None:
    match event:
        case events.Connected():
            if session.media is Media.OPENING and session.phase is not Phase.ENDED:
                lifecycle.connected(state, session)
        case events.Closed():
            if session.media in (Media.OPENING, Media.CONNECTED):
                lifecycle.media_closed(state, session, silent=event.reason == "silent")
        case events.Quiet():
            lifecycle.media_quiet(state, session, quiet=event.quiet)
        case events.Paused():
            _tell_groups(state, session, frames.PAUSE, event.groups)
        case _:
            _tell_groups(state, session, frames.RESUME, event.groups)


def _of_meeting(state: State, event: OfMeeting) -> None:
    match event:
        case events.Levels():
            volumes.send_levels(state, event.levels)
        case events.Signals():
            volumes.signals_changed(state, event.strengths)
        case events.Bitrates():
            index.send_bitrates(state, event.bitrates, event.estimates)
        case events.Starved():
            state.starved = frozenset(event.streams)
            state.outdated(Stale.NOW)
        case events.Source():
            _size_changed(state, event)
        case _:  # Failed
            state.meeting = None
            for session in list(state.sessions.values()):
                if session.media in (Media.OPENING, Media.CONNECTED):
                    lifecycle.media_failed(state, session)


def _tell_groups(
    state: State, session: Session, kind: frames.Kind, groups: tuple[int, ...]
) -> None:
    body = pb.SdkPauseResumeFrame(group_ids=groups)
    state.send(session, frames.encode(kind, state.now, body))


def _size_changed(state: State, event: events.Source) -> None:
    """Too large a picture is taken out of INDEX until it fits again (A.5)."""
    session = state.streams.get(event.stream)
    publication = session.publication if session is not None else None
    if session is None or publication is None:
        return
    if event.state == "too_large" and event.stream not in publication.too_large:
        if not publication.too_large:
            state.send(session, statuses.notification(statuses.TOO_LARGE, state.now))
        publication.too_large.add(event.stream)
        state.outdated(Stale.NOW)
    elif event.state == "fits" and event.stream in publication.too_large:
        publication.too_large.remove(event.stream)
        state.outdated(Stale.NOW)
