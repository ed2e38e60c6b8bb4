"""SUBSCRIBE: an offer is answered, a camera published, tiles set up (chime-meetings B.5 to B.7).

One invariant: *each SUBSCRIBE gets one SUBSCRIBE_ACK, in order*. One that cannot be answered
changes nothing else.
"""

from __future__ import annotations

from hubbub.meetings.media import commands
from hubbub.meetings.sdp import MAX_CHARACTERS, Answer, BadOffer, decompress_offer
from hubbub.meetings.signalling import frames, lifecycle, roster, statuses, volumes
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.capacity import Capacity
from hubbub.meetings.signalling.publications import (
    Publication,
    allocations,
    cameras_of,
    publish,
)
from hubbub.meetings.signalling.session import Media, Phase, Session
from hubbub.meetings.signalling.state import Stale, State
from hubbub.meetings.signalling.subscriptions import plain, tiles_of, wishes, within_limit


def subscribe(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    if session.phase is Phase.OPENED:
        _refuse(state, session, statuses.NOT_JOINED)
        return
    asked = frame.sub
    cameras = cameras_of(asked)
    refused = not _may_publish(state, session, bool(cameras))
    if refused and session.content:
        _refuse(state, session, statuses.SOURCES_FULL)
        return
    publication = None
    if cameras and not refused:
        publication = publish(cameras, session.publication, state.new_id)
    try:
        answer = session.connection.negotiation.answer(
            _offer(asked),
            within_limit(asked.receive_stream_ids, state.rules.received),
            publication.wanted if publication is not None else (),
        )
    except BadOffer:
        _refuse(state, session, statuses.BAD_REQUEST)
        return
    if answer.camera is None:
        publication = None
    is_first = session.media is Media.NONE
    if is_first:
        session.muted = asked.audio_muted
        session.has_audio = answer.audio is not None
        session.phase = Phase.SUBSCRIBED
        _open(state, session, answer)
    _settle(state, session, answer, publication)
    _configure(state, session, answer, asked)
    _acknowledge(state, session, answer, asked, statuses.VIEW_ONLY if refused else None)
    if is_first:
        roster.send_complete(state, session)
        volumes.send_signals(state, session)
        if not session.content:
            for replay in state.messages.replayed(state.now):
                state.send(session, replay)


def _may_publish(state: State, session: Session, films: bool) -> bool:
    if films and not session.person.takes_part:
        return False
    return Capacity(state).has_place(session) if films or session.content else True


def _offer(asked: pb.SdkSubscribeFrame) -> str:
    if asked.compressed_sdp_offer:
        return decompress_offer(asked.compressed_sdp_offer, MAX_CHARACTERS)
    return asked.sdp_offer


def _open(state: State, session: Session, answer: Answer) -> None:
    local = session.connection.local
    meeting = state.engine_meeting()
    lifecycle.media_opening(state, session)
    state.command(
        commands.OpenSession(
            meeting=meeting,
            session=session.number,
            attendee=session.person.number,
            content=session.content,
            local_ufrag=local.ufrag,
            local_pwd=local.pwd,
            remote_ufrag=answer.remote_ufrag,
            remote_pwd=answer.remote_pwd,
            fingerprint=answer.remote_fingerprint,
            gates=session.person.gates,
            muted=session.muted,
        )
    )


def _settle(
    state: State, session: Session, answer: Answer, publication: Publication | None
) -> None:
    """What the room has to know of the exchange."""
    if publication != session.publication:
        state.set_publication(session, publication)
    if answer.receive_codecs != session.receive_codecs:
        session.receive_codecs = answer.receive_codecs
        state.outdated(Stale.SOON)
    session.tiles = {tile.mid: tile.stream for tile in answer.tiles}


def _configure(state: State, session: Session, answer: Answer, asked: pb.SdkSubscribeFrame) -> None:
    """All of the session's state, for the media engine."""
    publication = session.publication
    tiles = tiles_of(state, answer.tiles)
    state.command(
        commands.Configure(
            session=session.number,
            payloads=answer.payloads,
            extensions=answer.extensions,
            audio=answer.audio,
            camera=None
            if answer.camera is None or publication is None
            else commands.Camera(
                answer.camera.mid,
                publication.group,
                answer.camera.encodings,
                session.content,
            ),
            tiles=tiles,
        )
    )
    if tiles:
        wanted = wishes(state, session, asked.video_subscription_configuration)
        state.command(
            commands.Subscribe(
                session.number, tuple(wanted.get(tile.mid) or plain(tile) for tile in tiles)
            )
        )


def _acknowledge(
    state: State,
    session: Session,
    answer: Answer,
    asked: pb.SdkSubscribeFrame,
    error: tuple[int, str] | None,
) -> None:
    ack = pb.SdkSubscribeAckFrame(
        duplex=asked.duplex,
        tracks=[
            pb.SdkTrackMapping(stream_id=each.stream, ssrc=each.ssrc, track_label=each.label)
            for each in answer.tracks
        ],
    )
    if session.publication is not None:
        ack.allocations.extend(allocations(session.publication))
    compressor = session.connection.compressor
    if session.compressed:
        ack.compressed_sdp_answer = compressor.compress(answer.text)
    else:
        ack.sdp_answer = answer.text
        compressor.remember(answer.text)
    state.send(session, frames.encode(frames.SUBSCRIBE_ACK, state.now, ack, error))


def _refuse(state: State, session: Session, error: tuple[int, str]) -> None:
    ack = pb.SdkSubscribeAckFrame()
    state.send(session, frames.encode(frames.SUBSCRIBE_ACK, state.now, ack, error))
