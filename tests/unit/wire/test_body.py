"""Bodies under way: what they may take of our memory together, and that they give it back."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from hubbub.wire.body import BodyBudget, BodyTooLarge, ClientGone, read_body
from hubbub.wire.errors import ServiceError

LIMIT = 100


class Sender:
    """A client that sends what it is given, when it is given."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()

    async def receive(self) -> MutableMapping[str, Any]:
        return await self._messages.get()

    def send(self, size: int, *, more: bool = True) -> None:
        self._messages.put_nowait({"type": "http.request", "body": b"x" * size, "more_body": more})

    def leave(self) -> None:
        self._messages.put_nowait({"type": "http.disconnect"})


def reading(sender: Sender, budget: BodyBudget, seconds: float = 60) -> asyncio.Task[bytes]:
    return asyncio.create_task(
        read_body(sender.receive, {}, limit=LIMIT, seconds=seconds, budget=budget)
    )


async def test_bodies_under_way_share_a_budget_and_give_it_back() -> None:
    budget = BodyBudget(150)
    first, second, third = Sender(), Sender(), Sender()
    first.send(90)
    waiting = reading(first, budget)
    await asyncio.sleep(0)
    second.send(90)
    with pytest.raises(ServiceError) as refused:
        await reading(second, budget)
    first.send(10, more=False)
    assert await waiting == b"x" * 100
    third.send(90)
    third.send(0, more=False)

    assert (refused.value.code, refused.value.status) == ("ServiceUnavailableException", 503)
    assert await reading(third, budget) == b"x" * 90


async def test_a_body_in_one_piece_needs_no_budget() -> None:
    sender = Sender()
    sender.send(LIMIT, more=False)
    assert await reading(sender, BodyBudget(0)) == b"x" * LIMIT


@pytest.mark.parametrize(
    ("ending", "error"),
    [("leave", ClientGone), ("too large", BodyTooLarge), ("too late", ServiceError)],
)
async def test_what_fails_gives_its_budget_back(ending: str, error: type[Exception]) -> None:
    budget = BodyBudget(LIMIT)
    sender = Sender()
    sender.send(60)
    if ending == "leave":
        sender.leave()
    elif ending == "too large":
        sender.send(60, more=False)
    with pytest.raises(error):
        await reading(sender, budget, seconds=0.01 if ending == "too late" else 60)
    budget.take(LIMIT)
    with pytest.raises(ServiceError):
        budget.take(1)
