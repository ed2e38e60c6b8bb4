"""Chime SDK Meetings put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.access.keyring import Keyring
from hubbub.functions.contract import Functions
from hubbub.meetings.answers import Answers
from hubbub.meetings.attendees import Attendees
from hubbub.meetings.capability_changes import CapabilityChanges
from hubbub.meetings.changes import Changes
from hubbub.meetings.demands import Demands
from hubbub.meetings.directory import MeetingDirectory
from hubbub.meetings.endings import Endings
from hubbub.meetings.errors import UNAVAILABLE_SECONDS, unavailable
from hubbub.meetings.holding import Holding, SharedHolding, SoleHolding
from hubbub.meetings.job import Job
from hubbub.meetings.join_tokens import JoinTokens
from hubbub.meetings.lifetime import Forgetting, Lifetimes, Silence
from hubbub.meetings.meetings import Meetings
from hubbub.meetings.notices import Notices
from hubbub.meetings.placement import Placement
from hubbub.meetings.rates import Buckets, limited
from hubbub.meetings.records import place
from hubbub.meetings.rules import CONSTRAINTS, rules
from hubbub.meetings.stage import Stage
from hubbub.meetings.tags import Tags
from hubbub.meetings.transcribing import Transcriptions
from hubbub.meetings.turns import Turns
from hubbub.settings import Settings
from hubbub.sinks.contract import Sinks
from hubbub.store.clock import Clock, SystemClock
from hubbub.store.contract import Store
from hubbub.wire import CodeMessageStyle, PageTokens, Service, load_model
from hubbub.wire.service import Call, Handler

CREATED = 201
STATUSES = dict.fromkeys(
    ("CreateMeeting", "CreateMeetingWithAttendees", "CreateAttendee", "BatchCreateAttendee"),
    CREATED,
)
NEED_MEDIA = (*STATUSES, "StartMeetingTranscription")
"""Operations that make no sense where no meeting can be held."""
NEED_HOLDER = (
    "DeleteMeeting",
    "DeleteAttendee",
    "UpdateAttendeeCapabilities",
    "BatchUpdateAttendeeCapabilitiesExcept",
    "StartMeetingTranscription",
    "StopMeetingTranscription",
)
"""Operations that act on clients, and so only where those are."""


class ChimeMeetings:
    """The service: its 16 operations and its background work.

    `stage` runs the live meetings, and asks `directory` who comes. `media_port` is the UDP port
    that clients are told, in force already.
    """

    def __init__(
        self,
        *,
        store: Store,
        stage: Stage,
        functions: Functions,
        sinks: Sinks,
        keyring: Keyring,
        settings: Settings,
        media_port: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        turns = Turns()
        join_tokens = JoinTokens(keyring.subkey("join-tokens"))
        is_alone = not settings.bus_url
        silence = Silence(clock, is_alone=is_alone)
        self._holding = holding = SoleHolding() if is_alone else SharedHolding(store, stage, clock)
        self._notices = notices = Notices(
            store=store,
            sinks=sinks,
            functions=functions,
            to_all=settings.sinks.events != "",
            clock=clock,
        )
        self.directory = directory = MeetingDirectory(
            store=store, tokens=join_tokens, notices=notices, silence=silence, holding=holding
        )
        endings = Endings(
            store=store,
            stage=stage,
            directory=directory,
            notices=notices,
            turns=turns,
            clock=clock,
        )
        self.job = Job(
            (
                holding.renew,
                Lifetimes(
                    store=store,
                    stage=stage,
                    silence=silence,
                    holding=holding,
                    end=endings.end,
                    clock=clock,
                ),
                Forgetting(store, clock),
            )
        )
        answers = Answers(
            Placement(
                public_url=settings.public_url,
                own_host=f"{settings.host}:{settings.port}",
                media_port=settings.media_port if media_port is None else media_port,
            ),
            join_tokens,
        )
        meetings = Meetings(
            store=store,
            stage=stage,
            endings=endings,
            notices=notices,
            silence=silence,
            answers=answers,
            clock=clock,
            limits=settings.limits,
        )
        changes = Changes(store=store, directory=directory, notices=notices, turns=turns)
        attendees = Attendees(
            store=store,
            stage=stage,
            notices=notices,
            answers=answers,
            tokens=PageTokens(keyring.subkey("page-tokens")),
            changes=changes,
        )
        capabilities = CapabilityChanges(
            stage=stage, notices=notices, answers=answers, changes=changes
        )
        transcriptions = Transcriptions(
            stage=stage, changes=changes, most=settings.limits.transcriptions
        )
        tags = Tags(store)
        handlers: dict[str, Any] = {
            "CreateMeeting": meetings.create,
            "CreateMeetingWithAttendees": meetings.create_with_attendees,
            "GetMeeting": meetings.get,
            "DeleteMeeting": meetings.delete,
            "CreateAttendee": attendees.create,
            "BatchCreateAttendee": attendees.create_many,
            "ListAttendees": attendees.list,
            "GetAttendee": attendees.get,
            "DeleteAttendee": attendees.delete,
            "UpdateAttendeeCapabilities": capabilities.update,
            "BatchUpdateAttendeeCapabilitiesExcept": capabilities.update_all_except,
            "StartMeetingTranscription": transcriptions.start,
            "StopMeetingTranscription": transcriptions.stop,
            "ListTagsForResource": tags.list,
            "TagResource": tags.add,
            "UntagResource": tags.remove,
        }
        for name in NEED_MEDIA:
            handlers[name] = _where_possible(handlers[name], stage)
        for name in NEED_HOLDER:
            handlers[name] = _where_held(handlers[name], holding)
        limits = settings.limits
        if limits.api_call_rates and limits.meeting_calls_per_second:
            buckets = Buckets(limits.meeting_calls_per_second, clock)
            handlers = {name: limited(handler, buckets) for name, handler in handlers.items()}
        self.service = Service(
            model=load_model("chime-sdk-meetings", constraints=CONSTRAINTS, statuses=STATUSES),
            errors=CodeMessageStyle(
                tells_request_id=True, denied_code="Forbidden", retry_seconds=UNAVAILABLE_SECONDS
            ),
            handlers=handlers,
            owns=owns,
            demands=Demands(tags.of),
            rules=rules(limits),
        )

    async def start(self) -> None:
        self.job.start()

    async def close(self) -> None:
        await self.job.close()
        await self._holding.release()
        await self._notices.close()


def _where_possible(handler: Handler, stage: Stage) -> Handler:
    """The operation, refused with ServiceUnavailableException where meetings cannot be held."""

    async def perform(call: Call, request: dict[str, Any]) -> Mapping[str, Any] | None:
        reason = stage.why_unavailable()
        if reason is not None:
            raise unavailable(reason)
        return await handler(call, request)

    return perform


def _where_held(handler: Handler, holding: Holding) -> Handler:
    """The operation, refused with ServiceUnavailableException where another node has the meeting.

    Asked again afterwards: somebody may have come in there meanwhile, and would not be told.
    """

    async def perform(call: Call, request: dict[str, Any]) -> Mapping[str, Any] | None:
        of = place(call, request["MeetingId"])
        await holding.check(of)
        answer = await handler(call, request)
        await holding.check(of)
        return answer

    return perform


def owns(arn: str) -> bool:
    """A meeting."""
    return arn.split(":", 5)[-1].startswith("meeting/")
