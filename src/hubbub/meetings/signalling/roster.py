"""Who is present, as everybody is told: AUDIO_STREAM_ID_INFO (chime-meetings B.8).

One invariant: *what a client has been told is the roster or follows from it*: one complete frame
after its first SUBSCRIBE_ACK, then each change, in order. A mute change never names the attendee
and a departure names nothing but the id, for the client tells them apart by what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable

from hubbub.meetings.signalling import frames
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.session import Session
from hubbub.meetings.signalling.state import Member, State


def joined(member: Member, session: Session) -> pb.SdkAudioStreamIdInfo:
    return pb.SdkAudioStreamIdInfo(
        audio_stream_id=member.audio_stream_id,
        attendee_id=member.label,
        external_user_id=member.person.attendee.external_user_id,
        muted=session.muted,
    )


def left(audio_stream_id: int, *, dropped: bool) -> pb.SdkAudioStreamIdInfo:
    info = pb.SdkAudioStreamIdInfo(audio_stream_id=audio_stream_id)
    if dropped:
        info.dropped = True
    return info


def frame_of(infos: Iterable[pb.SdkAudioStreamIdInfo], now: float) -> bytes:
    body = pb.SdkAudioStreamIdInfoFrame(streams=infos)
    return frames.encode(frames.AUDIO_STREAM_ID_INFO, now, body)


def tell(
    state: State, member: Member, session: Session, infos: Iterable[pb.SdkAudioStreamIdInfo]
) -> None:
    """To everybody; of who watches from a replica only to itself, by `session`."""
    if member.is_public:
        state.send_all(state.listeners(), frame_of(infos, state.now))
    elif session.is_listening:
        state.send(session, frame_of(infos, state.now))


def tell_muted(state: State, session: Session) -> None:
    for member in state.borne(session):
        if member.audio_stream_id:
            info = pb.SdkAudioStreamIdInfo(
                audio_stream_id=member.audio_stream_id, muted=session.muted
            )
            tell(state, member, session, [info])


def send_complete(state: State, session: Session) -> None:
    own = state.own_member(session)
    infos = [
        joined(member, member.bearer)
        for member in state.members.values()
        if member.bearer is not None
        and member.audio_stream_id
        and (member.is_public or member is own)
    ]
    state.send(session, frame_of(infos, state.now))
