"""A room as several people use it, against a small model that knows nothing of the engine.

The model is the specification's sections 6.4 to 6.7 and 7 in the plainest words: lists of times,
lists of what each connection has to have seen.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hubbub.functions.contract import FunctionTimeout
from hubbub.ivschat.engine.room import ReviewHandler
from hubbub.settings import Limits
from tests.unit.ivschat.house import ALL, Client, Frame, House

LIMITS = Limits(
    connection_requests_per_second=4,
    messages_per_second=6,
    deletes_per_second=3,
    disconnects_per_second=3,
    concurrent_connections=6,
)
URI = "arn:aws:lambda:us-west-2:123456789012:function:review"
MESSAGE_ID = "abC123dEf456"
USERS = ("ann", "bob", "cy")

Seen = tuple[object, ...]


@dataclass
class Seat:
    """The model's view of one connection."""

    client: Client
    user: str
    capabilities: frozenset[str]
    ends: float
    asked: list[float] = field(default_factory=list)
    expected: list[Seen] = field(default_factory=list)
    closed: int | None = None


@dataclass
class Pending:
    """A message that the handler has not answered yet."""

    seat: Seat
    request_id: str
    content: str
    fallback: str
    answer: asyncio.Future[object]


def seen(frame: Frame) -> Seen:
    if frame["Type"] == "ERROR":
        return ("ERROR", frame["RequestId"], frame["ErrorCode"])
    if frame["Type"] == "MESSAGE":
        return ("MESSAGE", frame["RequestId"], frame["Content"], frame["Sender"]["UserId"])
    attributes = frame["Attributes"] or {}
    return ("EVENT", frame["RequestId"], frame["EventName"], tuple(sorted(attributes.items())))


def within_a_second(times: list[float], now: float) -> int:
    return sum(1 for at in times if now - at < 1.0)


class RoomMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.house = House(Path(self.directory.name), LIMITS)
        self.arn = self.house.make_room(maximum_message_rate=3, maximum_message_length=8)
        self.seats: list[Seat] = []
        self.pending: list[Pending] = []
        self.exists = True
        self.length = 8
        self.rate = 3
        self.fallback: str | None = None
        self.in_room: list[float] = []
        self.in_account: dict[str, list[float]] = {"send": [], "delete": [], "disconnect": []}
        self.requests = 0

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(step)

    def teardown(self) -> None:
        self.run(self.house.close())
        self.run(self.house.answered())
        self.loop.close()
        self.directory.cleanup()

    @property
    def now(self) -> float:
        return self.house.clock.monotonic()

    @property
    def present(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.closed is None]

    def seat(self, number: int) -> Seat:
        return self.present[number % len(self.present)]

    def to_all(self, what: Seen) -> None:
        for seat in self.present:
            seat.expected.append(what)

    def refused(self, seat: Seat, request_id: str, capability: str, fault: int | None) -> bool:
        """Does a check of the connection answer already?"""
        allowed = within_a_second(seat.asked, self.now) < LIMITS.connection_requests_per_second
        if allowed:
            seat.asked.append(self.now)
        code = (
            429 if not allowed
            else 403 if capability not in seat.capabilities
            else fault if fault is not None
            else None if self.exists
            else 404
        )  # fmt: skip
        if code is not None:
            seat.expected.append(("ERROR", request_id, code))
        return code is not None

    def admitted(self, seat: Seat, request_id: str, lists: list[tuple[list[float], int]]) -> bool:
        if any(within_a_second(times, self.now) >= limit for times, limit in lists):
            seat.expected.append(("ERROR", request_id, 429))
            return False
        for times, _ in lists:
            times.append(self.now)
        return True

    def next_request(self) -> str:
        self.requests += 1
        return f"r{self.requests}"

    @initialize(rate=st.sampled_from([3, 100]), fallback=st.sampled_from([None, "ALLOW", "DENY"]))
    def open_the_room(self, rate: int, fallback: Any) -> None:
        self.update(8, rate, fallback)
        for user in ("ann", "bob"):
            self.enter(user, ALL, 60)

    @rule(
        user=st.sampled_from(USERS),
        capabilities=st.sampled_from([ALL, ALL, ALL - {"SEND_MESSAGE"}, ALL - {"DELETE_MESSAGE"}]),
        minutes=st.sampled_from([1, 3, 60]),
    )
    def enter(self, user: str, capabilities: frozenset[str], minutes: int) -> None:
        token = self.house.token(self.arn, user, capabilities, minutes=minutes)
        answer = self.run(self.house.knock(token))
        if not self.exists:
            assert answer == 404
        elif len(self.present) >= LIMITS.concurrent_connections:
            assert answer == 429
        else:
            assert isinstance(answer, Client)
            self.seats.append(Seat(answer, user, capabilities, self.now + minutes * 60))
            assert self.run(self.house.knock(token)) in {403, 429}

    @precondition(lambda self: self.present)
    @rule(number=st.integers(0, 9), times=st.integers(2, 5))
    def send_many(self, number: int, times: int) -> None:
        for _ in range(times):
            self.send_one(self.seat(number), "hi")

    @precondition(lambda self: self.present)
    @rule(
        number=st.integers(0, 9), content=st.sampled_from(["", "hi", "12345", "12345678", "9" * 9])
    )
    def send(self, number: int, content: str) -> None:
        self.send_one(self.seat(number), content)

    def send_one(self, seat: Seat, content: str) -> None:
        request_id = self.next_request()
        asked = len(self.house.functions.asked)

        async def step() -> None:
            seat.client.say(content, request_id)
            for _ in range(3):
                await asyncio.sleep(0)

        self.run(step())
        fault = None if 1 <= len(content) <= self.length else 400
        if self.refused(seat, request_id, "SEND_MESSAGE", fault):
            return
        lists = [
            (self.in_room, self.rate),
            (self.in_account["send"], LIMITS.messages_per_second),
        ]
        if not self.admitted(seat, request_id, lists):
            return
        if self.fallback is None:
            self.to_all(("MESSAGE", request_id, content, seat.user))
        else:
            _, answer = self.house.functions.asked[asked]
            self.pending.append(Pending(seat, request_id, content, self.fallback, answer))

    @precondition(lambda self: self.pending)
    @rule(
        number=st.integers(0, 9),
        how=st.sampled_from(["allow", "deny", "nonsense", "too long", "late"]),
    )
    def review(self, number: int, how: str) -> None:
        message = self.pending.pop(number % len(self.pending))
        answers: dict[str, object] = {
            "allow": {"ReviewResult": "ALLOW", "Content": "ok"},
            "deny": {"ReviewResult": "DENY"},
            "nonsense": "nonsense",
            "too long": {"ReviewResult": "ALLOW", "Content": "x" * 100},
        }

        async def step() -> None:
            if how == "late":
                message.answer.set_exception(FunctionTimeout())
            else:
                message.answer.set_result(answers[how])
            for _ in range(4):
                await asyncio.sleep(0)

        self.run(step())
        outcome = how if how in {"allow", "deny"} else f"fallback {message.fallback}"
        if outcome in {"deny", "fallback DENY"}:
            if message.seat.closed is None:
                message.seat.expected.append(("ERROR", message.request_id, 406))
        else:
            content = "ok" if outcome == "allow" else message.content
            self.to_all(("MESSAGE", message.request_id, content, message.seat.user))

    @precondition(lambda self: self.present)
    @rule(number=st.integers(0, 9), message_id=st.sampled_from([MESSAGE_ID, "bad"]))
    def delete(self, number: int, message_id: str) -> None:
        seat, request_id = self.seat(number), self.next_request()
        seat.client.ask(Action="DELETE_MESSAGE", RequestId=request_id, Id=message_id)
        fault = None if message_id == MESSAGE_ID else 400
        if self.refused(seat, request_id, "DELETE_MESSAGE", fault):
            return
        if self.admitted(seat, request_id, [(self.in_account["delete"], 3)]):
            ids = (("MessageID", message_id), ("MessageId", message_id))
            self.to_all(("EVENT", request_id, "aws:DELETE_MESSAGE", ids))

    @precondition(lambda self: self.present)
    @rule(number=st.integers(0, 9), user=st.sampled_from([*USERS, "nobody"]))
    def disconnect(self, number: int, user: str) -> None:
        seat, request_id = self.seat(number), self.next_request()
        seat.client.ask(Action="DISCONNECT_USER", RequestId=request_id, UserId=user, Reason="rude")
        if self.refused(seat, request_id, "DISCONNECT_USER", None):
            return
        if self.admitted(seat, request_id, [(self.in_account["disconnect"], 3)]):
            attributes = (("Reason", "rude"), ("UserId", user))
            self.to_all(("EVENT", request_id, "aws:DISCONNECT_USER", attributes))
            for other in self.present:
                if other.user == user:
                    other.closed = 1000

    @precondition(lambda self: self.present)
    @rule(number=st.integers(0, 9))
    def hang_up(self, number: int) -> None:
        seat = self.seat(number)
        seat.client.hang_up()
        seat.closed = 1000

    @rule(seconds=st.sampled_from([0.125, 0.5, 1.0, 61.0, 200.0]))
    def wait(self, seconds: float) -> None:
        self.run(self.house.pass_time(seconds))
        for seat in self.present:
            if self.now >= seat.ends:
                seat.expected.append(("ERROR", "", 401))
                seat.closed = 1000

    @precondition(lambda self: self.exists)
    @rule(
        length=st.sampled_from([4, 8]),
        rate=st.sampled_from([1, 3, 100]),
        fallback=st.sampled_from([None, "ALLOW", "DENY"]),
    )
    def update(self, length: int, rate: int, fallback: Any) -> None:
        handler = None if fallback is None else ReviewHandler(URI, fallback)
        self.run(
            self.house.update_room(
                self.arn,
                maximum_message_length=length,
                maximum_message_rate=rate,
                review_handler=handler,
            )
        )
        self.length, self.rate, self.fallback = length, rate, fallback

    @precondition(lambda self: self.exists and len(self.seats) > 6)
    @rule()
    def delete_room(self) -> None:
        self.run(self.house.delete_room(self.arn))
        self.exists = False

    @invariant()
    def everybody_has_seen_what_they_should(self) -> None:
        for seat in self.seats:
            assert [seen(frame) for frame in seat.client.frames] == seat.expected
            assert seat.client.close_code == seat.closed

    @invariant()
    def the_room_has_one_order_and_ids_are_never_reused(self) -> None:
        made: dict[str, Frame] = {}
        for seat in self.seats:
            times = []
            for frame in seat.client.frames:
                assert made.setdefault(frame["Id"], frame) == frame
                times.append(frame.get("SendTime"))
            given = [at for at in times if at is not None]
            assert given == sorted(set(given))

    @invariant()
    def nothing_is_held_for_those_who_have_gone(self) -> None:
        assert len(self.house.ends) == len(self.present)
        assert (self.arn in self.house.open) == bool(self.present)


TestRoom = RoomMachine.TestCase
TestRoom.settings = settings(
    max_examples=120,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
