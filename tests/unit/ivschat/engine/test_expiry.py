"""When sessions end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubbub.ivschat.engine.expiry import Entry, Expiries


def test_items_come_due_in_order_and_once() -> None:
    expiries = Expiries[str]()
    assert expiries.next_at() is None
    for at, item in ((3.0, "c"), (1.0, "a"), (2.0, "b")):
        expiries.add(at, item)
    assert expiries.next_at() == 1.0
    assert expiries.due(0.9) == []
    assert expiries.due(2.0) == ["a", "b"]
    assert expiries.due(9.0) == ["c"]
    assert expiries.due(9.0) == []
    assert len(expiries) == 0


def test_discarded_items_never_come_due() -> None:
    expiries = Expiries[str]()
    entries = [expiries.add(float(n), str(n)) for n in range(5)]
    expiries.discard(entries[0])
    expiries.discard(entries[0])
    assert len(expiries) == 4
    assert expiries.due(1.0) == ["1"]
    expiries.discard(entries[1])
    assert expiries.due(9.0) == ["2", "3", "4"]


def test_entries_of_the_gone_are_swept() -> None:
    expiries = Expiries[int]()
    kept = expiries.add(0.5, -1)
    for n in range(10_000):
        expiries.discard(expiries.add(3600.0 + n, n))
        assert expiries.next_at() == 0.5
    assert len(expiries) == 1
    assert expiries.due(1.0) == [-1]
    assert kept.item is None


@given(st.lists(st.tuples(st.sampled_from(["add", "discard", "due"]), st.integers(0, 20))))
def test_like_a_plain_list(steps: list[tuple[str, int]]) -> None:
    expiries = Expiries[int]()
    entries: list[Entry[int]] = []
    alive: dict[int, float] = {}
    for kind, n in steps:
        if kind == "add":
            entries.append(expiries.add(float(n), len(entries)))
            alive[len(entries) - 1] = float(n)
        elif kind == "discard" and entries:
            which = n % len(entries)
            expiries.discard(entries[which])
            alive.pop(which, None)
        elif kind == "due":
            due = expiries.due(float(n))
            assert sorted(due) == sorted(item for item, at in alive.items() if at <= n)
            for item in due:
                del alive[item]
        assert len(expiries) == len(alive)
        earliest = expiries.next_at()
        assert earliest is None or not alive or earliest <= min(alive.values())
