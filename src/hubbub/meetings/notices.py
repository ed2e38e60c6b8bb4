"""Lifecycle events on their way to those who want them (chime-meetings A.11).

One invariant: *sending an event never waits and never fails the caller*. Delivery is best effort:
sinks keep what SNS, SQS and EventBridge do not take, functions are called once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

import orjson
from sqlalchemy import bindparam, select

from hubbub.functions.contract import FunctionError, Functions
from hubbub.meetings.events import Subject, event
from hubbub.meetings.records import MeetingRecord, m
from hubbub.sinks.contract import Destination, DestinationKind, Record, Sinks
from hubbub.store.clock import Clock
from hubbub.store.columns import new_id, optional_value
from hubbub.store.contract import Store, StoreUnavailable

LAYOUT = "meetings"
"""`Record.layout` of events; no destination of theirs needs names made."""
FUNCTION_SECONDS = 60.0
MOST_CALLS = 1_000
"""Calls of functions under way; events beyond are not told to functions."""
MOST_KEPT = 10_000
_CLOSE_SECONDS = 2.0
_TARGETS: tuple[tuple[str, DestinationKind], ...] = (
    ("SnsTopicArn", "sns"),
    ("SqsQueueArn", "sqs"),
)
_FIND = select(
    m.id, m.external_meeting_id, m.media_region, m.account_id, m.region, m.notifications
).where(m.id == bindparam("of_id"))

log = logging.getLogger("hubbub.meetings")


class Notices:
    """Sends events. `to_all`: the setting sinks.events names a place for every event."""

    def __init__(
        self, *, store: Store, sinks: Sinks, functions: Functions, to_all: bool, clock: Clock
    ) -> None:
        self._store = store
        self._sinks = sinks
        self._functions = functions
        self._to_all = to_all
        self._clock = clock
        self._subjects: dict[str, Subject] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._untold = 0
        self._is_closed = False
        self._unknown: set[str] = set()

    def know(self, meeting: MeetingRecord) -> None:
        """Spares a look into the store when something happens in this meeting."""
        if meeting.meeting_id not in self._subjects:
            self._keep(
                Subject(
                    meeting.meeting_id,
                    meeting.external_meeting_id,
                    meeting.media_region,
                    meeting.account_id,
                    meeting.region,
                    meeting.notifications or {},
                )
            )

    def forget(self, meeting_id: str) -> None:
        self._subjects.pop(meeting_id, None)

    def send(
        self,
        meeting_id: str,
        event_type: str,
        attendee_id: str | None = None,
        external_user_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        told: dict[str, Any] = {
            "event_id": new_id(),
            "at": self._clock.microseconds(),
            "attendee_id": attendee_id,
            "external_user_id": external_user_id,
            "extra": extra or {},
        }
        subject = self._subjects.get(meeting_id)
        if subject is not None:
            self._deliver(subject, event_type, told)
        else:
            self._start(self._find_and_deliver(meeting_id, event_type, told))

    async def close(self) -> None:
        """Wait a moment for functions that are being called; none is called any more."""
        self._is_closed = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _keep(self, subject: Subject) -> None:
        if len(self._subjects) >= MOST_KEPT:
            del self._subjects[next(iter(self._subjects))]
        self._subjects[subject.meeting_id] = subject

    async def _find_and_deliver(
        self, meeting_id: str, event_type: str, told: Mapping[str, Any]
    ) -> None:
        try:
            rows = await self._store.fetch(_FIND, {"of_id": meeting_id})
        except StoreUnavailable as error:
            log.warning("%s of meeting %s is not told: %s", event_type, meeting_id, error)
            return
        if rows:
            facts = list(rows[0])
            facts[-1] = optional_value(facts[-1]) or {}
            subject = Subject(*facts)
            self._keep(subject)
            self._deliver(subject, event_type, told)

    def _deliver(self, subject: Subject, event_type: str, told: Mapping[str, Any]) -> None:
        wanted = subject.notifications
        if not (self._to_all or wanted):
            return
        content = event(subject, event_type, **told)
        record = Record(LAYOUT, subject.meeting_id, told["at"], orjson.dumps(content))
        if self._to_all:
            place = Destination("events", "default", subject.region, subject.account_id, "events")
            self._sinks.write(place, record)
        for member, kind in _TARGETS:
            if arn := wanted.get(member):
                self._write(kind, arn, record)
        if arn := wanted.get("LambdaFunctionArn"):
            self._call(arn, content)

    def _write(self, kind: DestinationKind, arn: str, record: Record) -> None:
        parts = arn.split(":")
        if len(parts) != 6 or parts[2] != kind or not (parts[3] and parts[5]):
            self._warn(arn, f"is of no {kind.upper()} destination")
            return
        self._sinks.write(Destination(kind, arn, parts[3], parts[4], arn), record)

    def _call(self, arn: str, content: Mapping[str, Any]) -> None:
        if not self._functions.knows(arn):
            self._warn(arn, "is of no function of the setting functions")
            return
        if len(self._tasks) >= MOST_CALLS:
            self._untold += 1
            if self._untold & (self._untold - 1) == 0:
                log.warning("%d events were not told to functions: too many calls", self._untold)
            return
        self._start(self._invoke(arn, content))

    async def _invoke(self, arn: str, content: Mapping[str, Any]) -> None:
        try:
            await self._functions.invoke(arn, content, FUNCTION_SECONDS)
        except FunctionError:
            return  # logged where it happened

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if self._is_closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _warn(self, arn: str, what: str) -> None:
        """Once for each ARN, as far as memory goes."""
        if arn not in self._unknown and len(self._unknown) < MOST_KEPT:
            self._unknown.add(arn)
            log.warning("events are not sent: %s %s", arn, what)
