"""Every connection is an open file; the system limits them."""

from __future__ import annotations

import logging
import resource

SPARE = 256  # kept back for databases, logs and outgoing connections

logger = logging.getLogger("hubbub.serve")


def allow_connections(wanted: int) -> int:
    """Raise this process's limit of open files as far as needed; how many connections it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = wanted + SPARE
    if soft == resource.RLIM_INFINITY or soft >= files:
        return wanted
    soft = files if hard == resource.RLIM_INFINITY else min(files, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    allowed = min(wanted, max(1, soft - SPARE))
    if allowed < wanted:
        logger.info("the limit of open files allows fewer connections", extra={"allowed": allowed})
    return allowed
