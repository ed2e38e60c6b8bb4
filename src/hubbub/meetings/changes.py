"""Changes of live meetings that operations make: committed, then told to the stage.

One invariant: *what the stage is told of a meeting holds, and comes in the order of the commits*.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from hubbub.meetings.directory import MeetingDirectory
from hubbub.meetings.notices import Notices
from hubbub.meetings.records import MeetingRecord, hold_live
from hubbub.meetings.turns import Turns
from hubbub.store.contract import Store, Transaction
from hubbub.wire.service import Call

T = TypeVar("T")
Work = Callable[[Transaction, MeetingRecord], Awaitable[T]]
"""What `Store.write` takes, given the meeting, which is held."""


class Changes:
    def __init__(
        self, *, store: Store, directory: MeetingDirectory, notices: Notices, turns: Turns
    ) -> None:
        self._store = store
        self._directory = directory
        self._notices = notices
        self._turns = turns

    @asynccontextmanager
    async def change(
        self, call: Call, meeting_id: str, work: Work[T]
    ) -> AsyncIterator[tuple[MeetingRecord, T]]:
        """Commit the work, and within this tell the stage. Raises NotFoundException."""
        async with self.turn(meeting_id):
            yield await self.commit(call, meeting_id, work)

    def turn(self, meeting_id: str) -> AbstractAsyncContextManager[None]:
        """For what has to be known before `commit`; `change` is both."""
        return self._turns.of(meeting_id.lower())

    async def commit(self, call: Call, meeting_id: str, work: Work[T]) -> tuple[MeetingRecord, T]:
        """The meeting as it was, and what the work returns."""

        async def held(transaction: Transaction) -> tuple[MeetingRecord, T]:
            meeting = await hold_live(transaction, call, meeting_id)
            return meeting, await work(transaction, meeting)

        meeting, result = await self._store.write(held)
        self._notices.know(meeting)
        self._directory.changed()
        return meeting, result
