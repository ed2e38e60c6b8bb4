"""What each frame of a client does: the table, and the small ones of its entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hubbub.meetings.media import commands
from hubbub.meetings.signalling import (
    frames,
    index,
    lifecycle,
    promotion,
    roster,
    statuses,
    submission,
    subscribing,
)
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.session import Media, Phase, Session
from hubbub.meetings.signalling.state import State
from hubbub.meetings.signalling.subscriptions import wishes

Handler = Callable[[State, Session, pb.SdkSignalFrame], None]
Type = pb.SdkSignalFrame


def ping_pong(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    if frame.ping_pong.type == pb.PING:
        pong = pb.SdkPingPongFrame(type=pb.PONG, ping_id=frame.ping_pong.ping_id)
        state.send(session, frames.encode(frames.PING_PONG, state.now, pong))


def join(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    """A second one on the same socket is acknowledged like the first and changes nothing."""
    if session.phase is Phase.OPENED:
        if _is_full(state, session):
            _acknowledge_join(state, session, statuses.MEETING_FULL)
            lifecycle.say_farewell(state, session, statuses.REFUSED)
            return
        session.audio_session_id = frame.join.audio_session_id
        session.compressed = frame.join.wants_compressed_sdp
        session.adaptation = frame.join.server_side_network_adaption
        session.phase = Phase.JOINED
        lifecycle.take_over(state, session)
        if session.person.has_joined and not session.content:
            state.occurred("Authorized", state.own_member(session))
        session.person.has_joined = True
    _acknowledge_join(state, session)
    index.send_first(state, session)


def _is_full(state: State, session: Session) -> bool:
    """Are as many attendees of this one's meeting connected as may be?"""
    if session.content:
        return False
    meeting_id = session.person.attendee.meeting_id
    others = {
        other.person.number
        for other in state.sessions.values()
        if other.is_joined and other.person.attendee.meeting_id == meeting_id
    }
    return len(others - {session.person.number}) >= state.rules.attendees


def _acknowledge_join(state: State, session: Session, error: tuple[int, str] | None = None) -> None:
    turn = state.rules.turn
    ack = pb.SdkJoinAckFrame(
        turn_credentials=pb.SdkTurnCredentials(
            username=turn.username, password=turn.password, ttl=turn.ttl, uris=turn.uris
        ),
        video_subscription_limit=state.rules.received,
        wants_compressed_sdp=session.compressed,
        default_server_side_network_adaption=pb.BANDWIDTH_PROBING_AND_VIDEO_QUALITY_ADAPTION,
    )
    state.send(session, frames.encode(frames.JOIN_ACK, state.now, ack, error))


def leave(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    """The departure itself; the client then closes the socket."""
    state.send(session, frames.encode(frames.LEAVE_ACK, state.now))
    if session.phase is not Phase.ENDED:
        state.close(session, statuses.LEFT, statuses.CLOSE_AFTER_LEAVE)
        lifecycle.leave(state, session)


def audio_control(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    muted = frame.audio_control.muted
    if muted == session.muted:
        return
    session.muted = muted
    if session.media in (Media.OPENING, Media.CONNECTED):
        state.command(commands.SetMuted(session.number, muted))
    roster.tell_muted(state, session)


def remote_video_update(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    """Other layers for tiles there are, without a negotiation (B.7)."""
    update = frame.remote_video_update
    wanted = wishes(state, session, update.added_or_updated_video_subscriptions)
    if wanted:
        state.command(commands.Subscribe(session.number, tuple(wanted.values())))
    removed = tuple(mid for mid in update.removed_video_subscription_mids if mid in session.tiles)
    if removed:
        state.command(commands.Unsubscribe(session.number, removed))


def pause(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    streams = _published(state, frame)
    if streams:
        state.command(commands.Pause(session.number, streams))


def resume(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    streams = _published(state, frame)
    if streams:
        state.command(commands.Resume(session.number, streams))


def _published(state: State, frame: pb.SdkSignalFrame) -> tuple[int, ...]:
    return tuple(stream for stream in frame.pause.stream_ids if stream in state.streams)


def no_answer(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    """Metrics and timings are the client's own affair; so is what only servers send."""


HANDLERS: Mapping[int, tuple[Phase, Handler]] = {
    Type.PING_PONG: (Phase.OPENED, ping_pong),
    Type.JOIN: (Phase.OPENED, join),
    Type.SUBSCRIBE: (Phase.OPENED, subscribing.subscribe),
    Type.LEAVE: (Phase.OPENED, leave),
    Type.AUDIO_CONTROL: (Phase.SUBSCRIBED, audio_control),
    Type.REMOTE_VIDEO_UPDATE: (Phase.SUBSCRIBED, remote_video_update),
    Type.PAUSE: (Phase.SUBSCRIBED, pause),
    Type.RESUME: (Phase.SUBSCRIBED, resume),
    Type.DATA_MESSAGE: (Phase.OPENED, submission.submit),
    Type.PRIMARY_MEETING_JOIN: (Phase.SUBSCRIBED, promotion.ask),
    Type.PRIMARY_MEETING_LEAVE: (Phase.SUBSCRIBED, promotion.give_up),
}
"""From which phase on a frame has a meaning; before that it has none."""

NO_ANSWER: tuple[Phase, Handler] = (Phase.OPENED, no_answer)
