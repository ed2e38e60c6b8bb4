"""Writes that look before they step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from hubbub.store.contract import DuplicateKey, Store, Transaction

T = TypeVar("T")

ATTEMPTS = 3


async def write(store: Store, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """`Store.write`, tried again when another writer came between the work's look and its step."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await store.write(work)
        except DuplicateKey:
            continue
    return await store.write(work)
