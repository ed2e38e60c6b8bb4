"""Data messages that clients send, and the server's own (chime-meetings A.9, B.8)."""

from __future__ import annotations

from hubbub.meetings.signalling import lifecycle, messages, statuses
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.session import Phase, Session
from hubbub.meetings.signalling.state import State


def submit(state: State, session: Session, frame: pb.SdkSignalFrame) -> None:
    """To all others who are in the meeting. What violates a limit is dropped."""
    for message in frame.data_message.messages:
        if not session.person.messages.take(state.now):
            lifecycle.remove(state, session, statuses.FLOODING)
            return
        if session.phase is Phase.SUBSCRIBED and not session.content:
            _deliver(state, session, message)


def _deliver(state: State, session: Session, message: pb.SdkDataMessagePayload) -> None:
    if not session.person.takes_part or not messages.is_valid(message):
        return
    if state.messages.drops(state.now):
        return
    sender = session.person.acting.attendee
    throttled = state.messages.throttles(state.now)
    encoded = messages.encode(
        message,
        sender.attendee_id,
        sender.external_user_id,
        0 if throttled else state.messages.ingest_time(state.now),
    )
    told = messages.frame_of([encoded], state.now)
    if throttled:
        state.send(session, told)
        return
    if message.lifetime_ms:
        state.messages.keep(encoded, message.lifetime_ms, state.now)
    state.send_all(_present(state, session), told)


def send_transcript(state: State, payload: bytes) -> None:
    """A serialised SdkTranscriptFrame, to everybody."""
    message = pb.SdkDataMessagePayload(
        topic=messages.TRANSCRIPTION,
        data=payload,
        lifetime_ms=0,
        ingest_time_ns=state.messages.ingest_time(state.now),
    )
    told = messages.frame_of([message.SerializeToString()], state.now)
    state.send_all(_present(state, None), told)


def _present(state: State, sender: Session | None) -> tuple[int, ...]:
    return tuple(
        session.number
        for session in state.sessions.values()
        if session.is_listening and not session.content and session is not sender
    )
