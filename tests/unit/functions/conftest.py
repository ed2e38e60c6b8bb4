from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from hubbub.functions import open_functions
from hubbub.functions.contract import Functions
from hubbub.settings import FunctionSettings

ARN = "arn:aws:lambda:us-east-1:123456789012:function:review"
Opener = Callable[..., Functions]


@pytest.fixture
async def opened() -> AsyncIterator[Opener]:
    """Opens functions by short name and closes them at the end of the test."""
    all_opened: list[Functions] = []

    def opener(concurrency: int = 100, response_bytes: int = 4_096, **targets: str) -> Functions:
        functions = open_functions(
            FunctionSettings(
                targets={ARN.replace("review", name): target for name, target in targets.items()},
                concurrency=concurrency,
                response_bytes=response_bytes,
            )
        )
        all_opened.append(functions)
        return functions

    yield opener
    for functions in all_opened:
        await functions.close()
