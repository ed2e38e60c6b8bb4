"""Submissions whose outcome is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hubbub.bus.contract import Bus, Limit, Outcome, Publication


async def outcome_of(
    bus: Bus, limits: Sequence[Limit], publication: Publication | None = None
) -> Outcome:
    """What becomes of a `Bus.submit`, which goes on if the caller gives up."""
    answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def done(outcome: Outcome) -> None:
        if not answer.done():
            answer.set_result(outcome)

    bus.submit(limits, publication, done)
    return await answer
