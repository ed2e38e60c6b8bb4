"""One desk a test, on SQLite, outside of any running event loop: boto3 is not asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubbub.access.opening import open_access
from hubbub.settings import RoleSettings, Settings
from hubbub.store.opening import open_store
from tests.unit.sts.desk import ACCOUNT, Desk, allow

ROLE = f"arn:aws:iam::{ACCOUNT}:role/chat/users"
CHAINED = f"arn:aws:iam::{ACCOUNT}:role/chained"
OPEN = f"arn:aws:iam::{ACCOUNT}:role/open"
ELSEWHERE = "arn:aws:iam::444455556666:role/elsewhere"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    nothing = RoleSettings(policy=allow("nothing:AtAll"))
    settings = Settings(
        data_dir=tmp_path,
        account_id=ACCOUNT,
        roles={
            ROLE: nothing,
            CHAINED: RoleSettings(policy=allow("*"), trust=(ROLE,), max_session_duration=43_200),
            OPEN: RoleSettings(
                policy=allow("ivschat:*", "sts:*"), trust=("*",), max_session_duration=7200
            ),
            ELSEWHERE: RoleSettings(policy=allow("*"), trust=("*",)),
        },
    )
    with asyncio.Runner() as runner:
        store = runner.run(open_store("", tmp_path))
        access = runner.run(open_access(settings, store))
        yield Desk(access, runner.get_loop())
        runner.run(store.close())
