"""What `hubbub serve` and `hubbub dev` have in common: run the server and say when it is ready."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from hubbub.cli.data_directory import ServerLock
from hubbub.serve.exposition import keep_values_private, share_values
from hubbub.serve.listeners import Listeners, bind
from hubbub.serve.logs import log_to_stderr
from hubbub.serve.open_files import allow_connections
from hubbub.settings import Settings

logger = logging.getLogger("hubbub.cli")


def serve(
    settings: Settings,
    lock: ServerLock,
    unknown: Sequence[str] = (),
    *,
    any_credentials: bool = False,
    then: Callable[[Listeners], None] = lambda _: None,
) -> int:
    """Serve until a signal comes; the exit status. `then` is called after the ready line."""
    log_to_stderr(settings.log_level)
    for name in unknown:
        logger.warning("no such setting", extra={"variable": name})
    listeners = bind(settings, settings.workers)
    settings = replace(settings, connections=allow_connections(settings.connections))

    def ready(media: str) -> None:
        first = listeners[0]
        lock.publish(first.http, first.https)
        print(f"hubbub ready http={first.http} https={first.https} media={media}", flush=True)
        if demo_wanted(settings):
            logger.info("meetings can be tried in a browser", extra={"url": f"{first.http}/demo/"})
        then(first)

    if settings.workers > 1:
        share_values(settings.data_dir / "metrics")
    else:
        keep_values_private()
    # After the metrics' directory is settled: this imports everything there is.
    from hubbub.serve.demo import demo_wanted  # noqa: PLC0415
    from hubbub.serve.process import StartFailed, run_process  # noqa: PLC0415
    from hubbub.serve.supervisor import Supervisor  # noqa: PLC0415

    try:
        if settings.workers > 1:
            Supervisor(settings, listeners).run(ready)
        else:
            run_process(settings, listeners[0], ready, any_credentials=any_credentials)
    except StartFailed as error:
        print(f"hubbub: {error}", file=sys.stderr)
        return 1
    return 0
