"""Puts the live part of meetings together, if it can be had."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

from hubbub.meetings.live.addresses import candidates, listening_address, told_addresses
from hubbub.meetings.live.counts import LiveMetrics
from hubbub.meetings.live.endpoint import ControlEndpoint
from hubbub.meetings.live.stage import LiveStage
from hubbub.meetings.live.transcribing import TranscriptionHost
from hubbub.meetings.media.engine import (
    Engine,
    EngineBroken,
    EngineConfiguration,
    EngineUnavailable,
    start_native,
)
from hubbub.meetings.media.threads import media_threads
from hubbub.meetings.stage import Directory, Stage
from hubbub.meetings.transcription import open_transcriptions
from hubbub.meetings.unstaged import SEVERAL_WORKERS, Unstaged
from hubbub.settings import Settings, SettingsError

logger = logging.getLogger("hubbub.meetings.live")

SWITCHED_OFF = "Meetings are switched off here: set media to on"


@dataclass(frozen=True, slots=True)
class Live:
    """Meetings as they are, or are not, held here."""

    stage: Stage
    endpoint: ControlEndpoint
    media_address: str  # "udp://127.0.0.1:4478", or "off"
    media_port: int  # as bound; that of the settings where nothing is
    broken: EngineBroken | None = None  # why the engine that is installed does not start
    _metrics: LiveMetrics | None = None

    async def check(self) -> None:
        """Raises EngineBroken where meetings ought to be held and cannot be.

        Without an engine, or with meetings switched off, nothing is amiss: chat works.
        """
        if self.broken is not None:
            raise self.broken
        if isinstance(self.stage, LiveStage):
            self.stage.engine.check()

    def attach(self, directory: Directory) -> None:
        """Before the first request; the control plane needs a stage to be made itself."""
        if isinstance(self.stage, LiveStage):
            self.stage.directory = directory

    async def close(self) -> None:
        if self._metrics is not None:
            self._metrics.unregister()
        if isinstance(self.stage, LiveStage):
            await self.stage.close()


def open_live(settings: Settings) -> Live:
    """Raises SettingsError, also when the media port is taken."""
    why, broken = _why_not(settings), None
    if why is None:
        try:
            return _open(settings)
        except EngineUnavailable as error:
            why, broken = str(error), error if isinstance(error, EngineBroken) else None
            logger.warning("no meetings: %s", why)
    return Live(Unstaged(why), ControlEndpoint(None), "off", settings.media_port, broken)


def _why_not(settings: Settings) -> str | None:
    if not settings.media:
        return SWITCHED_OFF
    return SEVERAL_WORKERS if settings.workers > 1 else None


def _open(settings: Settings) -> Live:
    listening = listening_address(settings)
    addresses = told_addresses(settings, listening)
    configuration = EngineConfiguration(
        listening, settings.media_port, settings.media_threads or os.cpu_count() or 1
    )
    others = media_threads()
    try:
        native = start_native(configuration)
    except (OSError, ValueError) as error:
        place = f"{listening} port {settings.media_port}"
        raise SettingsError(f"setting media-port: cannot listen on {place}: {error}") from None
    stage = LiveStage(candidates(addresses, native.port()), settings.limits)
    stage.engine = Engine(native, stage.happened, media_threads() - others)
    stage.transcriptions = open_transcriptions(settings.transcription, TranscriptionHost(stage))
    metrics = LiveMetrics(stage)
    metrics.register()
    host = f"[{listening}]" if ":" in listening else listening
    address = f"udp://{host}:{stage.engine.port}"
    return Live(stage, ControlEndpoint(stage), address, stage.engine.port, _metrics=metrics)
