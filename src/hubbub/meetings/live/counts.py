"""What live meetings and the media engine count, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from hubbub.meetings.live.stage import LiveStage


class LiveMetrics(Collector):
    """Asks when it is asked. Names of the engine ending in ``_total`` are counters."""

    def __init__(self, stage: LiveStage) -> None:
        self._stage = stage

    def register(self) -> None:
        REGISTRY.register(self)

    def unregister(self) -> None:
        REGISTRY.unregister(self)

    def describe(self) -> list[Metric]:
        """Nothing: what there is to count is the engine's to say."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("meetings_live", "Meetings that run here", len(self._stage))
        yield GaugeMetricFamily(
            "meetings_sockets", "Open signalling WebSockets", self._stage.sockets
        )
        for name, value in sorted(self._stage.engine.stats().items()):
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            text = f"Of the media engine: {name.replace('_', ' ')}"
            if name.endswith("_total"):
                yield CounterMetricFamily(f"meetings_media_{name}", text, value)
            else:
                yield GaugeMetricFamily(f"meetings_media_{name}", text, value)
