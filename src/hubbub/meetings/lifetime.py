"""When meetings end by themselves, and when their ids are forgotten (chime-meetings A.8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping

from sqlalchemy import bindparam, delete, select

from hubbub.meetings.holding import Holding
from hubbub.meetings.records import m
from hubbub.meetings.stage import Stage
from hubbub.store.clock import Clock
from hubbub.store.contract import Store, Transaction
from hubbub.store.tables import meetings

SECOND = 1_000_000
SILENCE = 300 * SECOND
"""So many microseconds without an audio connection end a meeting that is no replica."""
LONGEST = 24 * 3600 * SECOND
"""So many microseconds after its creation every meeting ends."""
REMEMBERED = 24 * 3600 * SECOND
"""For so long late clients learn that their meeting has ended."""
AT_A_TIME = 500

End = Callable[[Mapping[str, str]], Awaitable[bool]]

_LIVE = (
    select(m.id, m.account_id, m.region, m.primary_meeting_id, m.create_time)
    .where(m.end_time == 0)
    .order_by(m.create_time, m.id)
)
_OLD = (
    select(m.id)
    .where(m.end_time > 0, m.end_time <= bindparam("before"))
    .order_by(m.end_time)
    .limit(AT_A_TIME)
)
_FORGET = delete(meetings).where(m.id == bindparam("of_id"), m.end_time > 0)


class Silence:
    """Since when meetings have had no audio connection, as far as this process can know.

    A start of the process counts as one, since clients come back only after it. `is_alone`: no
    other node holds meetings of the same database; else only those that this node has made or let
    somebody into are its own to judge.
    """

    def __init__(self, clock: Clock, *, is_alone: bool) -> None:
        self._clock = clock
        self._is_alone = is_alone
        self._started = clock.microseconds()
        self._heard: dict[str, int] = {}
        self._here: set[str] = set()

    def is_here(self, meeting_id: str) -> bool:
        return self._is_alone or meeting_id in self._here

    def held_here(self, meeting_id: str) -> None:
        """This node has made the meeting, or lets somebody in."""
        self._here.add(meeting_id)

    def heard(self, meeting_id: str) -> None:
        """There is an audio connection now, or was one until now."""
        self._heard[meeting_id] = self._clock.microseconds()

    def is_too_long(self, meeting_id: str, created: int, now: int) -> bool:
        since = self._heard.get(meeting_id, max(created, self._started))
        return now - since >= SILENCE

    def keep(self, meeting_ids: Collection[str]) -> None:
        """Forget all other meetings."""
        self._heard = {each: self._heard[each] for each in meeting_ids if each in self._heard}
        self._here.intersection_update(meeting_ids)


class Lifetimes:
    """A piece of the job: ends meetings whose time has come.

    Silence counts only where meetings can be held: elsewhere nobody could have been heard. What
    another node holds is that node's to end, since its clients are there.
    """

    def __init__(
        self,
        *,
        store: Store,
        stage: Stage,
        silence: Silence,
        holding: Holding,
        end: End,
        clock: Clock,
    ) -> None:
        self._store = store
        self._stage = stage
        self._silence = silence
        self._holding = holding
        self._end = end
        self._clock = clock

    async def __call__(self) -> bool:
        """True: all is done for now."""
        now = self._clock.microseconds()
        can_be_held = self._stage.why_unavailable() is None
        rows = await self._store.fetch(_LIVE)
        elsewhere = await self._holding.elsewhere()
        for meeting_id, account_id, region, primary, created in rows:
            if (primary or meeting_id) in elsewhere:
                continue
            is_over = now - created >= LONGEST
            may_judge = can_be_held and self._silence.is_here(meeting_id)
            if may_judge and not primary and not is_over:
                if self._stage.has_audio(meeting_id):
                    self._silence.heard(meeting_id)
                is_over = self._silence.is_too_long(meeting_id, created, now)
            if is_over:
                await self._end(
                    {"of_id": meeting_id, "of_account": account_id, "of_region": region}
                )
        self._silence.keep([row[0] for row in rows])
        return True


class Forgetting:
    """A piece of the job: forgets meetings that ended long ago."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self) -> bool:
        """Forget some; True when there are no more."""
        before = self._clock.microseconds() - REMEMBERED

        async def work(transaction: Transaction) -> bool:
            old = await transaction.fetch(_OLD, {"before": before})
            for (meeting_id,) in old:
                await transaction.execute(_FORGET, {"of_id": meeting_id})
            return len(old) < AT_A_TIME

        return await self._store.write(work)
