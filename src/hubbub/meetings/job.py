"""The background work of meetings: those whose time has come end, old ones are forgotten.

Each piece is harmless when another node does it at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.store.background import BackgroundWork, Piece

POLL_SECONDS = 5.0


class Job(BackgroundWork):
    """Runs the pieces, one after the other."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__("meetings-job", POLL_SECONDS)
        self._pieces = pieces

    async def run(self) -> None:
        """All that is due now."""
        for piece in self._pieces:
            is_done = False
            while not is_done:
                is_done = await piece()
