"""Which node a meeting's clients are on, where several share a database.

One invariant: *all clients of a meeting and of its replicas are on one node*. Whichever lets the
first of them in holds the meeting until it ends or the node stops; should the node die, the lease
runs out and another may take the meeting over. What reaches another node meanwhile is refused: its
stage could neither bring clients together nor act on them.
"""

from __future__ import annotations

import logging
import secrets
import socket
from collections.abc import Collection, Mapping
from contextlib import suppress
from enum import Enum
from typing import Protocol

from sqlalchemy import and_, bindparam, case, delete, literal, select, update

from hubbub.meetings.errors import held_elsewhere
from hubbub.meetings.records import LIVE, m
from hubbub.meetings.stage import Stage
from hubbub.store.clock import Clock
from hubbub.store.contract import Store, StoreUnavailable, Transaction
from hubbub.store.leases import take_lease
from hubbub.store.tables import leases

LEASE = 20 * 1_000_000
"""Microseconds for which a meeting waits for a node that gives no sign of life."""
_PREFIX = "meeting/"

_l = leases.c
_HOLDER = select(_l.holder).where(_l.name == bindparam("of_name"))
_IS_OURS = and_(_l.name.startswith(_PREFIX, autoescape=True), _l.holder == bindparam("of_holder"))
_RENEW = update(leases).where(_IS_OURS).values(end_time=bindparam("until"))
_OURS = select(_l.name).where(_IS_OURS)
_LIVING = select(m.id).where(m.end_time == 0)
_RELEASE = delete(leases).where(_IS_OURS, _l.name == bindparam("of_name"))
_RELEASE_ALL = delete(leases).where(_IS_OURS)
_CLEAR = delete(leases).where(
    _l.name.startswith(_PREFIX, autoescape=True), _l.end_time <= bindparam("before")
)
_IS_THEIRS = and_(_l.holder != bindparam("of_holder"), _l.end_time > bindparam("now"))
_THEIRS = select(_l.name).where(_l.name.startswith(_PREFIX, autoescape=True), _IS_THEIRS)
_ROOM = literal(_PREFIX).concat(
    case((m.primary_meeting_id == "", m.id), else_=m.primary_meeting_id)
)
_THEIRS_OF = select(_l.holder).where(*LIVE, _l.name == _ROOM, _IS_THEIRS)

logger = logging.getLogger("hubbub.meetings")


class Taken(Enum):
    ALREADY = 0
    NOW = 1  # what was read before may have been changed by other nodes since
    NOT = 2  # another node holds it


class Holding(Protocol):
    """`meeting_id` is that of a primary, whose replicas go with it."""

    async def take(self, meeting_id: str) -> Taken:
        """Before somebody is let in. Raises StoreUnavailable."""
        ...

    async def check(self, of: Mapping[str, str]) -> None:
        """Raises ServiceUnavailableException if another node holds a meeting that lives.

        For a replica its primary counts. `of` are the parameters of `records.place`.
        """
        ...

    async def elsewhere(self) -> Collection[str]:
        """The meetings that other nodes hold."""
        ...

    async def renew(self) -> bool:
        """A piece of the job: keep what is held, let go of what has ended or was lost."""
        ...

    async def release(self) -> None:
        """Let other nodes take over at once."""
        ...


class SoleHolding:
    """Of the only node."""

    async def take(self, meeting_id: str) -> Taken:
        return Taken.ALREADY

    async def check(self, of: Mapping[str, str]) -> None:
        pass

    async def elsewhere(self) -> Collection[str]:
        return ()

    async def renew(self) -> bool:
        return True

    async def release(self) -> None:
        pass


class SharedHolding:
    """Of a node among others; `clock` is theirs, which differ by far less than a lease."""

    def __init__(self, store: Store, stage: Stage, clock: Clock) -> None:
        self._store = store
        self._stage = stage
        self._clock = clock
        self._holder = f"{socket.gethostname()}/{secrets.token_hex(8)}"
        self._held: dict[str, int] = {}  # until when

    async def take(self, meeting_id: str) -> Taken:
        now = self._clock.microseconds()
        if self._held.get(meeting_id, 0) > now:
            return Taken.ALREADY
        name, until = _PREFIX + meeting_id, now + LEASE

        async def work(transaction: Transaction) -> str | None:
            if await take_lease(transaction, name, self._holder, now=now, until=until):
                return self._holder
            found = await transaction.fetch(_HOLDER, {"of_name": name})
            return found[0][0] if found else None

        holder = await self._store.write(work)
        if holder == self._holder:
            self._held[meeting_id] = until
            return Taken.NOW
        logger.warning(
            "a client of a meeting that another node holds is refused",
            extra={"meeting": meeting_id, "holder": holder},
        )
        return Taken.NOT

    async def check(self, of: Mapping[str, str]) -> None:
        now = self._clock.microseconds()
        if self._held.get(of["of_id"], 0) > now:
            return
        found = await self._store.fetch(_THEIRS_OF, {**of, "of_holder": self._holder, "now": now})
        if found:
            logger.warning(
                "a call for a meeting that another node holds is refused",
                extra={"meeting": of["of_id"], "holder": found[0][0]},
            )
            raise held_elsewhere()

    async def elsewhere(self) -> Collection[str]:
        of = {"of_holder": self._holder, "now": self._clock.microseconds()}
        return {row[0].removeprefix(_PREFIX) for row in await self._store.fetch(_THEIRS, of)}

    async def renew(self) -> bool:
        held = set(self._held)
        now = self._clock.microseconds()
        of = {"of_holder": self._holder}

        async def work(transaction: Transaction) -> tuple[set[str], set[str]]:
            await transaction.execute(_RENEW, {**of, "until": now + LEASE})
            ours = await transaction.fetch(_OURS, of)
            living = await transaction.fetch(_LIVING)
            return {row[0].removeprefix(_PREFIX) for row in ours}, {row[0] for row in living}

        ours, living = await self._store.write(work)
        for meeting_id in held:
            if meeting_id not in living:
                await self._forget(meeting_id)
            elif meeting_id in ours:
                self._held[meeting_id] = now + LEASE
            else:
                await self._regain(meeting_id)

        async def clear(transaction: Transaction) -> None:
            await transaction.execute(_CLEAR, {"before": now - LEASE})

        await self._store.write(clear)
        return True

    async def _forget(self, meeting_id: str) -> None:
        """It has ended; another node may have done that just before it became ours."""
        self._stage.meeting_ended(meeting_id)

        async def work(transaction: Transaction) -> None:
            of = {"of_name": _PREFIX + meeting_id, "of_holder": self._holder}
            await transaction.execute(_RELEASE, of)

        await self._store.write(work)
        self._held.pop(meeting_id, None)

    async def _regain(self, meeting_id: str) -> None:
        """It was held for too long without a sign of life."""
        self._held[meeting_id] = 0
        if await self.take(meeting_id) is Taken.NOT:
            del self._held[meeting_id]
            self._stage.let_go(meeting_id)

    async def release(self) -> None:
        async def work(transaction: Transaction) -> None:
            await transaction.execute(_RELEASE_ALL, {"of_holder": self._holder})

        self._held.clear()
        with suppress(StoreUnavailable):  # they run out by themselves
            await self._store.write(work)
