"""What live meetings and the media engine count, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from hubbub.meetings.live.stage import LiveStage

LIVE = "meetings_live", "Meetings that run here"
SOCKETS = "meetings_sockets", "Open signalling WebSockets"
# Name in the engine's statistics -> meaning.
ENGINE_GAUGES = {
    "threads": "Threads that carry media",
    "sessions": "PeerConnections",
    "speakers": "Attendees that are heard",
}
ENGINE_COUNTERS = {
    "packets_received": "Packets of media and connectivity checks received",
    "packets_refused": "Packets that reached a thread without their session, or had none",
    "audio_packets_sent": "RTP packets of audio sent",
    "video_packets_sent": "RTP packets of video sent",
    "keyframe_requests": "Key frames that senders were asked for",
    "audio_decodes": "Audio frames decoded",
    "audio_encodes": "Audio frames encoded; one may be for many",
    "audio_concealed": "Audio frames that never arrived and were made up for",
}
PREFIX = "meetings_media_"


def described() -> Iterator[tuple[str, str, str]]:
    """Name, kind and meaning of all of them."""
    for name, meaning in (LIVE, SOCKETS):
        yield name, "gauge", meaning
    for name, meaning in ENGINE_GAUGES.items():
        yield PREFIX + name, "gauge", meaning
    for name, meaning in ENGINE_COUNTERS.items():
        yield f"{PREFIX}{name}_total", "counter", meaning


class LiveMetrics(Collector):
    """Asks when it is asked."""

    def __init__(self, stage: LiveStage) -> None:
        self._stage = stage

    def register(self) -> None:
        REGISTRY.register(self)

    def unregister(self) -> None:
        REGISTRY.unregister(self)

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(*LIVE, value=len(self._stage))
        yield GaugeMetricFamily(*SOCKETS, value=self._stage.sockets)
        told = self._stage.engine.stats()
        for name, meaning in ENGINE_GAUGES.items():
            yield GaugeMetricFamily(PREFIX + name, meaning, told.get(name, 0))
        for name, meaning in ENGINE_COUNTERS.items():
            yield CounterMetricFamily(PREFIX + name, meaning, told.get(name, 0))
