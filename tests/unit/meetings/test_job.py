"""The background work goes on, whatever happens to a piece of it."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.meetings import job
from hubbub.meetings.job import Job
from hubbub.store.contract import StoreUnavailable


async def test_pieces_run_until_they_are_done_again_and_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(job, "POLL_SECONDS", 0.001)
    runs, done = 0, asyncio.Event()

    async def piece() -> bool:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise StoreUnavailable("away")
        if runs == 2:
            raise RuntimeError("a fault")
        if runs == 6:
            done.set()
        return runs != 3

    work = Job((piece,))
    work.start()
    async with asyncio.timeout(10):
        await done.wait()
    await work.close()
    assert "waits for the database" in caplog.text
    assert "will be tried again" in caplog.text


async def test_it_can_be_closed_before_it_began() -> None:
    await Job(()).close()
