"""What sessions publish: stream and group ids and their rules (chime-meetings B.4, B.5).

One invariant: *an encoding keeps its stream id for as long as the camera is on, and ids only
grow*: over resubscribes, while its layer is off, while it is hidden. Another number of encodings is
another camera set-up: the streams are new, the group stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hubbub.meetings.sdp import Wanted
from hubbub.meetings.signalling import signal_pb2 as pb

MOST_ENCODINGS = 3
MOST_LABEL = 64  # characters; the client's are AmazonChimeExpressVideo


@dataclass(frozen=True, slots=True)
class Layer:
    """One encoding, as its SUBSCRIBE describes it."""

    stream: int
    label: str
    max_kbps: int  # 0: it is off
    framerate: int
    width: int
    height: int

    @property
    def active(self) -> bool:
        return self.max_kbps > 0


@dataclass(slots=True)
class Publication:
    """A camera or a share that is on. `too_large` names streams beyond the meeting's limit."""

    group: int
    layers: tuple[Layer, ...]
    too_large: set[int] = field(default_factory=set)

    def shown(self) -> Iterator[Layer]:
        for layer in self.layers:
            if layer.active and layer.stream not in self.too_large:
                yield layer

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        return tuple(Wanted(each.stream, each.max_kbps, each.active) for each in self.layers)


def cameras_of(subscribe: pb.SdkSubscribeFrame) -> Sequence[pb.SdkStreamDescriptor]:
    """The video encodings that a SUBSCRIBE sends, in order."""
    if subscribe.duplex == pb.RX:
        return ()
    video = [each for each in subscribe.send_streams if each.media_type == pb.VIDEO]
    return video[:MOST_ENCODINGS]


def publish(
    cameras: Sequence[pb.SdkStreamDescriptor],
    before: Publication | None,
    new_id: Callable[[], int],
) -> Publication:
    """What is published from now on, in the place of `before`."""
    if before is not None and len(before.layers) == len(cameras):
        streams = [layer.stream for layer in before.layers]
    else:
        streams = [new_id() for _ in cameras]
    layers = tuple(
        Layer(
            stream,
            camera.track_label[:MOST_LABEL],
            camera.max_bitrate_kbps,
            camera.framerate,
            camera.width,
            camera.height,
        )
        for stream, camera in zip(streams, cameras, strict=True)
    )
    if before is None:
        return Publication(new_id(), layers)
    return Publication(before.group, layers, before.too_large & set(streams))


def allocations(publication: Publication) -> Iterator[pb.SdkStreamAllocation]:
    for layer in publication.layers:
        yield pb.SdkStreamAllocation(
            track_label=layer.label, stream_id=layer.stream, group_id=publication.group
        )
