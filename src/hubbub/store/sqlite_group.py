"""Group commit for SQLite.

One invariant: *a future is resolved only after the COMMIT of its group has returned*. Works run on
the event loop's thread, one after the other in a common transaction, each in a savepoint; only
what waits (COMMIT with its fsync, and another process's lock) happens on a thread of its own.
Statements take microseconds; on another thread each would wait for the interpreter lock instead,
up to its switch interval.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy.sql.expression import Executable

from hubbub.store.contract import DuplicateKey, Row, StoreUnavailable, Transaction
from hubbub.store.sqlite_connection import BUSY_SECONDS, connect, set_busy_timeout
from hubbub.store.sqlite_errors import is_busy, translated
from hubbub.store.statements import NO_PARAMETERS, Compiled, Parameters, Statements

T = TypeVar("T")
Work = Callable[[Transaction], Awaitable[Any]]
Outcome = tuple[asyncio.Future[Any], BaseException | None, Any]

GROUP_WORKS = 1024  # at most, in one transaction
TURN_WORKS = 64  # at most, before the event loop gets its turn
SWITCH_SECONDS = 0.001
"""How long a busy event loop may keep the interpreter from the thread that has committed. With
Python's 5 ms a saturated server writes a third as much."""


class SqliteTransaction:
    """What one work sees. Its methods never suspend."""

    def __init__(self, connection: sqlite3.Connection, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements
        self.saved = False
        self.refused: DuplicateKey | None = None
        self.lost: StoreUnavailable | None = None

    async def fetch(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[Row]:
        return self._run(self._statements(statement), parameters).fetchall()

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> int:
        return self._run(self._statements(statement), parameters).rowcount

    def _run(self, compiled: Compiled, parameters: Parameters | None) -> sqlite3.Cursor:
        if earlier := self.refused or self.lost:
            raise earlier
        arguments = compiled.arguments(NO_PARAMETERS if parameters is None else parameters)
        try:
            if not (self.saved or compiled.is_select):
                self._connection.execute("SAVEPOINT work")
                self.saved = True
            return self._connection.execute(compiled.text, arguments)
        except sqlite3.Error as error:
            failure = translated(error)
            if isinstance(failure, DuplicateKey):
                self.refused = failure
            elif isinstance(failure, StoreUnavailable):
                self.lost = failure
            raise failure from error


class GroupCommit:
    """The writing side of a SQLite store, for one event loop."""

    def __init__(self, path: Path, statements: Statements) -> None:
        self._path = path
        self._statements = statements
        self._loop = asyncio.get_running_loop()
        self._connection: sqlite3.Connection | None = None
        self._waiting: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._outcomes: list[Outcome] = []
        self._left = 0  # works still to run in this group
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_SECONDS))
        self._blocking: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._block, name="sqlite-commit", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((work, future))
        if self._idle.is_set():
            self._idle.clear()
            # Not at once: all that write in this turn of the loop share a group.
            self._loop.call_soon(self._begin)
        return await future

    async def close(self) -> None:
        """Finish what was given; refuse what comes later."""
        self._closed = True
        await self._idle.wait()
        self._blocking.put(None)
        self._thread.join()
        self._disconnect()

    def _begin(self) -> None:
        self._left = min(len(self._waiting), GROUP_WORKS)
        try:
            if self._connection is None:
                self._connection = connect(self._path)
                set_busy_timeout(self._connection, 0)
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if is_busy(error) and self._connection is not None:
                self._blocking.put(self._begin_waiting)
            else:
                self._disconnect()
                self._fail(_unavailable(error))
        except StoreUnavailable as error:
            self._fail(error)
        else:
            self._turn()

    def _turn(self) -> None:
        """Run works; after the last of the group, commit."""
        connection = self._connection
        assert connection is not None
        for _ in range(min(self._left, TURN_WORKS)):
            self._left -= 1
            work, future = self._waiting.popleft()
            if future.done():  # nobody waits any more
                continue
            transaction = SqliteTransaction(connection, self._statements)
            try:
                outcome = self._run(connection, transaction, work, future)
            except sqlite3.Error as error:  # of a savepoint
                outcome = (future, None, None)
                transaction.lost = _unavailable(error)
            self._outcomes.append(outcome)
            if transaction.lost is not None or not connection.in_transaction:
                lost = transaction.lost or StoreUnavailable("SQLite ended the transaction")
                self._roll_back(connection)
                self._fail(lost)
                return
        if self._left:
            self._loop.call_soon(self._turn)
        else:
            self._blocking.put(self._commit)

    def _run(
        self,
        connection: sqlite3.Connection,
        transaction: SqliteTransaction,
        work: Work,
        future: asyncio.Future[Any],
    ) -> Outcome:
        failure: BaseException | None
        result = None
        try:
            result = _driven(work, transaction)
            failure = transaction.refused
        except BaseException as error:  # whatever it is, it is its caller's
            failure = error
        if transaction.saved and transaction.lost is None:
            if failure is not None:
                connection.execute("ROLLBACK TO work")
            connection.execute("RELEASE work")
        return future, failure, result

    def _fail(self, failure: StoreUnavailable) -> None:
        """Nothing of this group has happened, nor will what is left of it."""
        futures = [future for future, _, _ in self._outcomes]
        futures += [self._waiting.popleft()[1] for _ in range(self._left)]
        for future in futures:
            _settle(future, StoreUnavailable(str(failure)), None)
        self._next()

    def _settle_all(self) -> None:
        for future, failure, result in self._outcomes:
            _settle(future, failure, result)
        self._next()

    def _next(self) -> None:
        self._outcomes = []
        if self._waiting:
            self._loop.call_soon(self._begin)  # after those that were just told, to let them join
        else:
            self._idle.set()

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()

    def _disconnect(self) -> None:
        """The next group opens the file anew."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    # What follows runs on the blocking thread, while the loop's leaves the connection alone.

    def _block(self) -> None:
        while (step := self._blocking.get()) is not None:
            step()

    def _begin_waiting(self) -> None:
        assert self._connection is not None
        then: Callable[[], None] = self._turn
        try:
            set_busy_timeout(self._connection, BUSY_SECONDS)
            self._connection.execute("BEGIN IMMEDIATE")
            set_busy_timeout(self._connection, 0)
        except sqlite3.Error as error:
            failure = _unavailable(error)

            def then() -> None:
                self._disconnect()
                self._fail(failure)

        self._back(then)

    def _commit(self) -> None:
        assert self._connection is not None
        then = self._settle_all
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            failure = _unavailable(error)
            self._roll_back(self._connection)

            def then() -> None:
                self._fail(failure)

        self._back(then)

    def _back(self, then: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed, nobody waits
            self._loop.call_soon_threadsafe(then)


def _unavailable(error: sqlite3.Error) -> StoreUnavailable:
    return StoreUnavailable(f"SQLite: {error}")


def _driven(work: Work, transaction: SqliteTransaction) -> Any:
    """The result of a work, which runs to its end here and now."""
    steps = work(transaction).__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    steps.close()
    raise RuntimeError("a work may await nothing but its transaction")


def _settle(future: asyncio.Future[Any], failure: BaseException | None, result: Any) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)
