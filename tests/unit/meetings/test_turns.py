"""Changes of one meeting wait for each other, those of several do not."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.meetings.turns import Turns


async def test_one_after_the_other() -> None:
    turns, log = Turns(), list[str]()

    async def change(meeting: str, name: str) -> None:
        async with turns.of(meeting):
            log.append(f"{name} begins")
            await asyncio.sleep(0)
            log.append(f"{name} ends")

    await asyncio.gather(change("a", "1"), change("a", "2"), change("b", "3"))
    assert log == ["1 begins", "3 begins", "1 ends", "3 ends", "2 begins", "2 ends"]
    assert len(turns) == 0


async def test_a_turn_that_fails_is_over() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="x"):
        async with turns.of("a"):
            raise ValueError("x")
    assert len(turns) == 0
    async with turns.of("a"):
        assert len(turns) == 1


async def test_who_gives_up_waiting_leaves_nothing() -> None:
    turns = Turns()

    async def wait() -> None:
        async with turns.of("a"):
            raise AssertionError

    async with turns.of("a"):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert len(turns) == 1
    assert len(turns) == 0
