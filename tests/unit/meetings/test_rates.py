"""AWS's rates of API calls (chime-meetings A.13), which hold only if the settings say so."""

from __future__ import annotations

import pytest

from hubbub.meetings import rates
from hubbub.meetings.rates import Buckets
from hubbub.settings import Limits
from hubbub.wire import Call
from tests.unit.desk import OURS, REGION, THEIRS, VirtualClock
from tests.unit.meetings.conftest import MakeDesk
from tests.unit.meetings.desk import Desk


def burst(desk: Desk, operation: str, count: int, **request: str) -> None:
    """So many calls get through, one more is throttled."""
    call = getattr(desk.client, operation)
    for _ in range(count):
        call(**request)
    with desk.refused("ThrottlingException"):
        call(**request)


def test_there_are_none_by_default(desk: Desk) -> None:
    meeting_id = desk.make_meeting()
    for _ in range(40):
        desk.client.get_meeting(MeetingId=meeting_id)


def test_ten_a_second_and_twenty_at_once(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(api_call_rates=True))
    meeting_id = desk.make_meeting()
    burst(desk, "get_meeting", 20, MeetingId=meeting_id)
    burst(desk, "list_attendees", 20, MeetingId=meeting_id)
    desk.clock.advance(0.5)
    burst(desk, "get_meeting", 5, MeetingId=meeting_id)
    desk.clock.advance(60)
    burst(desk, "get_meeting", 20, MeetingId=meeting_id)


def test_the_rate_is_a_setting(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(api_call_rates=True, meeting_calls_per_second=2))
    burst(desk, "get_meeting", 4, MeetingId=desk.make_meeting())
    desk = make_desk(Limits(api_call_rates=True, meeting_calls_per_second=0))
    for _ in range(30):
        desk.make_meeting()


def test_full_buckets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_KEPT", 3)
    clock = VirtualClock()
    buckets = Buckets(1, clock)

    def take(operation: str, region: str = REGION) -> bool:
        return buckets.take(Call("s", operation, OURS, region, "id", "", {}))

    assert [take("A") for _ in range(3)] == [True, True, False]
    assert take("B")
    assert take("C")
    clock.advance(1)
    assert take("D")  # B and C are full again, A is not
    assert len(buckets._left) == 2
    assert take("A")
    assert not take("A")
    assert buckets.take(Call("s", "A", THEIRS, REGION, "id", "", {}))
    assert take("A", "eu-west-1")
