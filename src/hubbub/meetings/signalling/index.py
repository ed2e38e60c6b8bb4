"""INDEX and BITRATES: the published video as each receiver may see it (chime-meetings B.5, D.1).

One invariant: *no INDEX names a source that its receiver may not have, and none is sent that says
what the one before said*. Receivers with the same view share one encoded frame.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from hubbub.meetings.signalling import frames
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.capacity import Capacity, may_receive, may_send
from hubbub.meetings.signalling.publications import Layer
from hubbub.meetings.signalling.session import Session
from hubbub.meetings.signalling.state import Member, State

_SOURCES = pb.SdkIndexFrame.DESCRIPTOR.fields_by_name["sources"].number
_BITRATES = pb.SdkBitrateFrame.DESCRIPTOR.fields_by_name["bitrates"].number


@dataclass(frozen=True, slots=True)
class Source:
    """One attendee's camera or share, as far as it is active."""

    publisher: int  # the number of the person who sends it
    content: bool
    streams: tuple[int, ...]
    encoded: bytes  # its entries of an INDEX


class View(NamedTuple):
    """All that one receiver's INDEX depends on."""

    at_capacity: bool
    cameras: bool
    shares: bool
    own: int  # the publisher whose sources it does not see; 0: it publishes none


class Index:
    """What is published at one moment."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._capacity = Capacity(state)
        self._sources = list(_sources(state))
        self._publishers = {source.publisher for source in self._sources}
        self._codecs = _codec_intersection(state.sessions.values())
        self._participants = max(1, sum(map(_participates, state.members.values())))
        self._bodies: dict[View, bytes] = {}

    def body_for(self, session: Session) -> bytes:
        view = self._view(session)
        if view not in self._bodies:
            self._bodies[view] = self._body(view)
        return self._bodies[view]

    def streams_for(self, session: Session) -> frozenset[int]:
        view = self._view(session)
        return frozenset(stream for source in self._seen(view) for stream in source.streams)

    def _view(self, session: Session) -> View:
        gates = session.person.gates
        receives = not session.content  # a content session shows nothing
        number = session.person.number
        return View(
            at_capacity=not may_send(gates, content=session.content)
            or not self._capacity.has_place(session),
            cameras=receives and may_receive(gates, content=False),
            shares=receives and may_receive(gates, content=True),
            own=number if number in self._publishers else 0,
        )

    def _seen(self, view: View) -> Iterator[Source]:
        for source in self._sources:
            permitted = view.shares if source.content else view.cameras
            if permitted and source.publisher != view.own:
                yield source

    def _body(self, view: View) -> bytes:
        seen = list(self._seen(view))
        head = pb.SdkIndexFrame(
            at_capacity=view.at_capacity,
            paused_at_source_ids=sorted(
                stream
                for source in seen
                for stream in source.streams
                if stream in self._state.starved
            ),
            num_participants=self._participants,
            supported_receive_codec_intersection=self._codecs,
        )
        return head.SerializeToString() + b"".join(source.encoded for source in seen)


def update(state: State) -> None:
    """Send everybody the INDEX that differs from the one before."""
    _tell_of_video(state)
    index = Index(state)
    receivers: defaultdict[bytes, list[Session]] = defaultdict(list)
    for session in state.sessions.values():
        if session.is_joined:
            body = index.body_for(session)
            if body != session.index:
                receivers[body].append(session)
    for body, sessions in receivers.items():
        frame = frames.encode(frames.INDEX, state.now, body)
        for session in sessions:
            session.index = body
        state.send_all(tuple(session.number for session in sessions), frame)


def send_first(state: State, session: Session) -> None:
    """Its INDEX, whatever it had before."""
    session.index = Index(state).body_for(session)
    state.send(session, frames.encode(frames.INDEX, state.now, session.index))


def send_bitrates(
    state: State, bitrates: Iterable[tuple[int, int]], estimates: Iterable[tuple[int, int]]
) -> None:
    """`bitrates`: bit/s of streams; `estimates`: bit/s that reach sessions at most."""
    encoded = {
        stream: frames.part(
            _BITRATES,
            pb.SdkBitrate(source_stream_id=stream, avg_bitrate_bps=rate).SerializeToString(),
        )
        for stream, rate in bitrates
    }
    downlinks = dict(estimates)
    index = Index(state)
    for session in state.sessions.values():
        if not session.is_listening:
            continue
        seen = index.streams_for(session)
        body = b"".join(each for stream, each in encoded.items() if stream in seen)
        kbps = downlinks.get(session.number, 0) // 1000
        if kbps > 0:
            body += pb.SdkBitrateFrame(server_available_outgoing_bitrate=kbps).SerializeToString()
        if body:
            state.send(session, frames.encode(frames.BITRATES, state.now, body))


def _published(state: State) -> Iterator[tuple[Member, Session]]:
    for member in state.members.values():
        session = member.bearer
        if member.is_public and session is not None and session.publication is not None:
            yield member, session


def _sources(state: State) -> Iterator[Source]:
    for member, session in _published(state):
        publication = session.publication
        assert publication is not None
        layers = list(publication.shown())
        if layers and may_send(session.person.gates, content=member.content):
            yield Source(
                session.person.number,
                member.content,
                tuple(layer.stream for layer in layers),
                b"".join(_descriptor(layer, publication.group, member) for layer in layers),
            )


def _descriptor(layer: Layer, group: int, member: Member) -> bytes:
    descriptor = pb.SdkStreamDescriptor(
        stream_id=layer.stream,
        framerate=layer.framerate,
        max_bitrate_kbps=layer.max_kbps,
        track_label=layer.label,
        group_id=group,
        avg_bitrate_bps=min(layer.max_kbps * 1000, 0xFFFF_FFFF),
        attendee_id=member.label,
        media_type=pb.VIDEO,
        external_user_id=member.person.attendee.external_user_id,
        width=layer.width,
        height=layer.height,
    )
    return frames.part(_SOURCES, descriptor.SerializeToString())


def _participates(member: Member) -> bool:
    return member.is_public and not member.content and member.audio_stream_id > 0


def _codec_intersection(sessions: Iterable[Session]) -> list[str]:
    """What everybody can receive, of those who have said."""
    said = [
        session.receive_codecs
        for session in sessions
        if session.receive_codecs and not session.content
    ]
    common = frozenset.intersection(*said) if said else frozenset()
    return [pb.SdkVideoCodecCapability.Name(number) for number in sorted(common)]


def _tell_of_video(state: State) -> None:
    """Cameras and shares that have gone on or off since."""
    filming = {id(member) for member, _ in _published(state)}
    for member in state.members.values():
        is_filming = id(member) in filming
        if is_filming != member.filming:
            member.filming = is_filming
            state.occurred("VideoStarted" if is_filming else "VideoStopped", member)
