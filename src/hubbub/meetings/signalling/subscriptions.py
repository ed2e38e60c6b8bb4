"""What a client wants to watch, for the media engine (chime-meetings B.5, B.7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hubbub.meetings.media.commands import Subscription, Tile
from hubbub.meetings.sdp import TileSection
from hubbub.meetings.signalling import signal_pb2 as pb
from hubbub.meetings.signalling.session import Session
from hubbub.meetings.signalling.state import State


def within_limit(stream_ids: Sequence[int], most: int) -> list[int]:
    """The ids in the order of the offer's video sections; those beyond `most` become 0."""
    left = most
    kept = []
    for stream in stream_ids:
        kept.append(stream if left > 0 else 0)
        left -= stream > 0
    return kept


def tiles_of(state: State, sections: Iterable[TileSection]) -> tuple[Tile, ...]:
    return tuple(
        Tile(each.mid, each.ssrc, each.rtx_ssrc, each.stream, state.group_of(each.stream))
        for each in sections
    )


def wishes(
    state: State,
    session: Session,
    configurations: Iterable[pb.SdkVideoSubscriptionConfiguration],
) -> dict[str, Subscription]:
    """mid -> what its configuration asks for; mids without a tile are passed over.

    Where the server is to adapt the quality (4) a group leaves the choice of the layer to it,
    otherwise a stream id is taken at its word.
    """
    adapts = session.adaptation == pb.BANDWIDTH_PROBING_AND_VIDEO_QUALITY_ADAPTION
    wanted = {}
    for each in configurations:
        if each.mid not in session.tiles:
            continue
        stream = each.stream_id or (0 if each.group_id else session.tiles[each.mid])
        group = each.group_id or state.group_of(stream)
        wanted[each.mid] = Subscription(
            mid=each.mid,
            stream=0 if adapts and each.group_id else stream,
            group=group,
            priority=each.priority,
            target_kbps=each.target_bitrate_kbps,
            preference=each.quality_adaptation_preference,
        )
    return wanted


def plain(tile: Tile) -> Subscription:
    """A tile that nothing was said of but its stream."""
    return Subscription(tile.mid, tile.stream, tile.group, 0, 0, pb.BALANCED)
