"""The job by itself: faults, and its end."""

from __future__ import annotations

import asyncio
import logging

import pytest

from hubbub.identity.job import Job
from hubbub.identity.leases import SoleLease
from hubbub.store.contract import StoreUnavailable


class Broken(SoleLease):
    """The database goes while the lease is held."""

    async def release(self) -> None:
        raise StoreUnavailable("gone")


async def test_it_ends_at_any_piece_of_work() -> None:
    for lease in (SoleLease(), Broken()):
        begun = asyncio.Event()

        async def long(begun: asyncio.Event = begun) -> bool:
            begun.set()
            await asyncio.sleep(3600)
            return True

        job = Job([long], lease, asyncio.Event())
        job.start()
        await begun.wait()
        async with asyncio.timeout(5):
            await job.close()


async def test_it_goes_on_after_faults_when_there_is_work(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wake = asyncio.Event()
    outcomes: list[Exception | bool] = [RuntimeError("a fault"), StoreUnavailable("gone"), True]
    done = asyncio.Event()

    async def piece() -> bool:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            # What is left is looked at with the next deletion, or after a while.
            asyncio.get_running_loop().call_soon(wake.set)
            raise outcome
        done.set()
        return outcome

    job = Job([piece], SoleLease(), wake)
    with caplog.at_level(logging.WARNING, "hubbub.store"):
        job.start()
        async with asyncio.timeout(5):
            await done.wait()
        await job.close()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert not outcomes
