"""What the contract promises, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Column, MetaData, Table, Text, bindparam, select, update
from sqlalchemy.exc import CompileError

from hubbub.store import quotas
from hubbub.store.contract import DuplicateKey, Store, StoreUnavailable, Transaction
from hubbub.store.tables import access_keys
from tests.unit.store import statements as s


class Oops(Exception):
    pass


def adding(name: str) -> Callable[[Transaction], Awaitable[int]]:
    async def work(tx: Transaction) -> int:
        return await tx.execute(s.ADD_KEY, s.a_key(name))

    return work


async def has(store: Store, name: str) -> bool:
    return len(await store.fetch(s.KEY, {"access_key_id": name})) == 1


async def test_what_is_written_can_be_read(store: Store) -> None:
    assert await store.write(adding("a")) == 1
    (row,) = await store.fetch(
        select(access_keys).where(access_keys.c.access_key_id == bindparam("id")), {"id": "a"}
    )
    assert tuple(row) == ("a", "1", b"\0\xff", 1, "")


async def test_the_result_of_a_work_is_returned(store: Store) -> None:
    async def work(tx: Transaction) -> tuple[str, int]:
        return "x", await tx.execute(s.SET_TIME, {"of": "nobody", "to": 1})

    assert await store.write(work) == ("x", 0)


async def test_a_work_sees_its_own_changes(store: Store) -> None:
    async def work(tx: Transaction) -> int:
        await tx.execute(s.ADD_KEY, s.a_key("a"))
        await tx.execute(s.SET_TIME, {"of": "a", "to": 1 << 62})
        ((_, time),) = await tx.fetch(s.LOCKED_KEY, {"access_key_id": "a"})
        return int(time)

    assert await store.write(work) == 1 << 62


async def test_an_exception_undoes_its_own_changes_only(store: Store) -> None:
    async def failing(tx: Transaction) -> None:
        await tx.execute(s.ADD_KEY, s.a_key("failing"))
        raise Oops

    outcomes = await asyncio.gather(
        store.write(adding("a")),
        store.write(failing),
        store.write(adding("b")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [int, Oops, int]
    assert [await has(store, name) for name in ("a", "failing", "b")] == [True, False, True]


async def test_a_duplicate_key_undoes_the_whole_work(store: Store) -> None:
    async def work(tx: Transaction) -> None:
        await tx.execute(s.ADD_KEY, s.a_key("b"))
        await tx.execute(s.ADD_KEY, s.a_key("a"))

    await store.write(adding("a"))
    with pytest.raises(DuplicateKey):
        await store.write(work)
    assert not await has(store, "b")


async def test_a_duplicate_key_cannot_be_ignored(store: Store) -> None:
    async def work(tx: Transaction) -> str:
        try:
            await tx.execute(s.ADD_KEY, s.a_key("a"))
        except DuplicateKey:
            with pytest.raises(DuplicateKey):
                await tx.execute(s.ADD_KEY, s.a_key("b"))
        return "fine"

    await store.write(adding("a"))
    with pytest.raises(DuplicateKey):
        await store.write(work)
    assert not await has(store, "b")


async def test_an_attached_logging_configuration_cannot_be_deleted(store: Store) -> None:
    async def prepare(tx: Transaction) -> None:
        await tx.execute(s.ADD_CONFIGURATION, s.a_configuration("c"))
        await tx.execute(s.ADD_ROOM, s.a_room("r"))
        await tx.execute(
            s.ATTACH, {"room_arn": "r", "position": 0, "logging_configuration_arn": "c"}
        )

    async def delete_configuration(tx: Transaction) -> int:
        return await tx.execute(s.DELETE_CONFIGURATION)

    async def delete_room(tx: Transaction) -> int:
        return await tx.execute(s.DELETE_ROOM)

    await store.write(prepare)
    with pytest.raises(DuplicateKey):
        await store.write(delete_configuration)
    assert await store.write(delete_room) == 1
    assert [tuple(row) for row in await store.fetch(s.COUNT_ATTACHED)] == [(0,)]
    assert await store.write(delete_configuration) == 1


async def test_a_missing_parent_is_refused(store: Store) -> None:
    async def work(tx: Transaction) -> None:
        await tx.execute(
            s.ATTACH, {"room_arn": "r", "position": 0, "logging_configuration_arn": "c"}
        )

    with pytest.raises(DuplicateKey):
        await store.write(work)


async def test_read_and_change_is_one_step_with_a_lock(store: Store) -> None:
    async def increment(tx: Transaction) -> None:
        ((_, time),) = await tx.fetch(s.LOCKED_KEY, {"access_key_id": "a"})
        await tx.execute(s.SET_TIME, {"of": "a", "to": time + 1})

    await store.write(adding("a"))
    await asyncio.gather(*(store.write(increment) for _ in range(50)))
    assert [row[1] for row in await store.fetch(s.KEY, {"access_key_id": "a"})] == [51]


async def test_works_that_lock_each_other_out_all_succeed(store: Store) -> None:
    def moving(first: str, second: str) -> Callable[[Transaction], Awaitable[None]]:
        async def work(tx: Transaction) -> None:
            for name in (first, second):
                ((_, time),) = await tx.fetch(s.LOCKED_KEY, {"access_key_id": name})
                await tx.execute(s.SET_TIME, {"of": name, "to": time + 1})

        return work

    await store.write(adding("a"))
    await store.write(adding("b"))
    orders = itertools.islice(itertools.cycle([("a", "b"), ("b", "a")]), 6)
    await asyncio.gather(*(store.write(moving(*order)) for order in orders))
    for name in ("a", "b"):
        assert [row[1] for row in await store.fetch(s.KEY, {"access_key_id": name})] == [7]


async def test_quotas_are_exact_under_concurrent_writers(store: Store) -> None:
    async def take(tx: Transaction) -> bool:
        return await quotas.take(tx, "1", "r", "room", 20)

    async def give_back(tx: Transaction) -> None:
        await quotas.give_back(tx, "1", "r", "room")

    taken = await asyncio.gather(*(store.write(take) for _ in range(50)))
    assert taken.count(True) == 20
    await asyncio.gather(*(store.write(give_back) for _ in range(5)))
    taken = await asyncio.gather(*(store.write(take) for _ in range(50)))
    assert taken.count(True) == 5


async def test_a_taken_quota_is_given_back_when_the_work_fails(store: Store) -> None:
    async def failing(tx: Transaction) -> None:
        assert await quotas.take(tx, "1", "r", "room", 1)
        raise Oops

    for _ in range(2):
        with pytest.raises(Oops):
            await store.write(failing)


async def test_a_fault_of_ours_is_no_store_failure(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.fetch(s.KEY, {})
    with pytest.raises(CompileError):
        await store.fetch(update(access_keys).values(nonsense=1))
    missing = select(Table("missing", MetaData(), Column("a", Text)))

    async def mistaken(tx: Transaction) -> None:
        await tx.fetch(missing)

    for mistake in (store.fetch(missing), store.write(mistaken)):
        with pytest.raises(Exception, match="missing") as raised:
            await mistake
        assert not isinstance(raised.value, StoreUnavailable | DuplicateKey)
    assert await store.write(adding("a")) == 1


async def test_text_survives_whatever_it_holds(store: Store) -> None:
    name = "'\"%s:x$1?\\ \U0001f600\u2028é" + "e\u0301"
    await store.write(adding(name))
    assert await has(store, name)
    assert not await has(store, name[:-1])


@pytest.mark.parametrize("text", ["a\0", "\0", "arn:aws:lambda:us-east-1:1:function:\0"])
async def test_nothing_matches_a_text_with_nul(store: Store, text: str) -> None:
    await store.write(adding("a"))
    assert not await has(store, text)
    assert await has(store, "a")


async def test_a_closed_store_refuses(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.write(adding("a"))
    with pytest.raises(StoreUnavailable):
        await store.fetch(s.COUNT_KEYS)
    await store.close()
