"""The background work of identity: clearing, expiration, retention; on one node at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hubbub.identity.leases import Lease, Lost
from hubbub.store.background import BackgroundWork, Piece

POLL_SECONDS = 15.0
"""How often a node looks for work that others have left, and for what has expired."""
PAUSE_SECONDS = 0.02
"""Between two pieces of work, for other calls to get their turn."""


class Job(BackgroundWork):
    """Runs the pieces in turn, so that none waits for the end of another kind."""

    def __init__(self, pieces: Sequence[Piece], lease: Lease, wake: asyncio.Event) -> None:
        super().__init__("identity-job", POLL_SECONDS, wake)
        self._pieces = pieces
        self._lease = lease

    async def run(self) -> bool:
        """All that is due now; False if another node has the lease."""
        if not await self._lease.take():
            return False
        try:
            waiting = list(self._pieces)
            while waiting:
                waiting = [piece for piece in waiting if not await piece()]
                if waiting:
                    await asyncio.sleep(PAUSE_SECONDS)
                    if not await self._lease.take():
                        return False
        except Lost:
            return False
        finally:
            await self._lease.release()
        return True
