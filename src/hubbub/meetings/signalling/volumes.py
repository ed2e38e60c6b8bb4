"""Who is heard how loudly, and whose uplink is poor: AUDIO_METADATA (chime-meetings B.8).

One invariant: *a frame is encoded once for a meeting*, and one with any volume names all who are
heard, one with any signal strength all whose uplink is not good: clients reset those it leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from hubbub.meetings.signalling import frames
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.session import Session
from hubbub.meetings.signalling.state import State

SILENCE = 127  # -dBFS
GOOD = 2
NOBODY = pb.SdkAudioAttendeeState(audio_stream_id=0, volume=SILENCE)
"""Id 0 is no attendee, but a volume it is, and so everybody else falls silent."""


def send_levels(state: State, levels: Iterable[tuple[int, int]]) -> None:
    """`levels`: session and volume of all who are heard."""
    states = [
        pb.SdkAudioAttendeeState(audio_stream_id=stream, volume=min(max(volume, 0), SILENCE))
        for number, volume in levels
        for stream in _streams_of(state, state.sessions.get(number))
    ]
    frame = pb.SdkAudioMetadataFrame(attendee_states=states or [NOBODY])
    state.send_all(state.listeners(), frames.encode(frames.AUDIO_METADATA, state.now, frame))


def signals_changed(state: State, strengths: Iterable[tuple[int, int]]) -> None:
    """`strengths`: session and strength of all that changed."""
    changed = []
    for number, strength in strengths:
        session = state.sessions.get(number)
        if session is not None:
            session.signal = min(max(strength, 0), GOOD)
            changed.append(session)
    frame = _signals(state, changed)
    if frame is not None:
        state.send_all(state.listeners(), frame)


def send_signals(state: State, session: Session) -> None:
    """To somebody new, if there is anything but good uplinks."""
    frame = _signals(state, ())
    if frame is not None:
        state.send(session, frame)


def _signals(state: State, changed: Collection[Session]) -> bytes | None:
    """Of those that are not good, and of those that `changed`."""
    numbers = {session.number for session in changed}
    states = [
        pb.SdkAudioAttendeeState(audio_stream_id=stream, signal_strength=session.signal)
        for session in state.sessions.values()
        if session.signal < GOOD or session.number in numbers
        for stream in _streams_of(state, session)
    ]
    if not states:
        return None
    frame = pb.SdkAudioMetadataFrame(attendee_states=states)
    return frames.encode(frames.AUDIO_METADATA, state.now, frame)


def _streams_of(state: State, session: Session | None) -> Iterable[int]:
    if session is None:
        return ()
    return [
        member.audio_stream_id
        for member in state.borne(session)
        if member.is_public and member.audio_stream_id
    ]
