"""Records on disk: the bound, its reserve, torn ends, and a disk that takes only half."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubbub.sinks import spool as spool_module
from hubbub.sinks.batch import Batch
from hubbub.sinks.parcels import one_group
from hubbub.sinks.spool import Backlog, Segment, Spool, SpoolFull
from tests.unit.sinks.stage import destination, file_size_limit, numbers, record


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path, 100_000)
    yield opened
    opened.release()


def read(segments: list[Segment]) -> list[int]:
    with Batch(segments, one_group) as batch:
        return [
            number
            for entries in batch.groups.values()
            for number in numbers(list(batch.lines(entries)))
        ]


def fill(backlog: Backlog) -> int:
    count = 0
    with contextlib.suppress(SpoolFull):
        while True:
            backlog.append(record(count))
            count += 1
    return count


def test_records_come_back_in_order(spool: Spool) -> None:
    backlog = Backlog(destination(), spool)
    for number in range(100):
        backlog.append(record(number))
    taken = backlog.take(1 << 20)
    assert read(taken) == list(range(100))
    assert taken[0].path.stat().st_mode & 0o777 == 0o600
    backlog.discard(taken)
    assert backlog.empty
    assert (backlog.size, spool.size) == (0, 0)
    assert not taken[0].path.exists()


def test_what_is_written_while_a_batch_is_on_its_way_is_kept(spool: Spool) -> None:
    backlog = Backlog(destination(), spool)
    backlog.append(record(1))
    taken = backlog.take(1 << 20)
    backlog.append(record(2))
    backlog.discard(taken)
    assert not backlog.empty
    assert read(backlog.take(1 << 20)) == [2]
    backlog.close()


def test_segments_are_bounded_and_taken_by_size(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 1_000)
    backlog = Backlog(destination(), spool)
    for number in range(100):
        backlog.append(record(number))
    assert len(backlog.sealed) >= 3
    first = backlog.take(2_500)
    assert len(first) == 2
    numbers_of_first = read(first)
    backlog.discard(first)
    assert numbers_of_first + read(backlog.take(1 << 20)) == list(range(100))
    assert len(backlog.take(1)) == 1


def test_the_bound_holds_on_disk(tmp_path: Path, spool: Spool) -> None:
    backlogs = [Backlog(destination(name=f"bucket-{number}"), spool) for number in range(20)]
    for backlog in backlogs:
        assert fill(backlog) > 0 or spool.size > 99_000
    on_disk = sum(path.stat().st_size for path in tmp_path.glob("*/*.segment"))
    assert on_disk == spool.size
    assert 99_000 < on_disk <= 100_000
    for backlog in backlogs:
        backlog.close()


def test_one_dead_destination_leaves_room_for_others(spool: Spool) -> None:
    dead, alive = Backlog(destination(name="dead"), spool), Backlog(destination(), spool)
    assert fill(dead) > 1_000
    assert 87_000 < dead.size <= 87_500
    assert fill(alive) > 50
    with pytest.raises(SpoolFull):
        dead.append(record(0))
    alive.discard(alive.take(1 << 20))
    dead.discard(dead.take(1 << 20))
    assert spool.size == 0


@pytest.mark.parametrize("torn", [b"", b'["plain"', b'["plain","room1",1]\t{"number":9'])
def test_a_torn_last_record_was_never_written(spool: Spool, torn: bytes) -> None:
    backlog = Backlog(destination(), spool)
    backlog.append(record(1))
    (segment,) = backlog.take(1 << 20)
    with segment.path.open("ab") as file:
        file.write(torn)
    with Batch([segment], one_group) as batch:
        assert batch.damaged == 0
        assert [len(entries) for entries in batch.groups.values()] == [1]


def test_damage_in_the_middle_costs_only_what_it_hit(spool: Spool) -> None:
    backlog = Backlog(destination(), spool)
    for number in range(3):
        backlog.append(record(number))
    (segment,) = backlog.take(1 << 20)
    lines = segment.path.read_bytes().splitlines(keepends=True)
    lines[2] = b"\0" * len(lines[2][:-1]) + b"\n"
    segment.path.write_bytes(b"".join(lines))
    with Batch([segment], one_group) as batch:
        assert batch.damaged == 1
        (entries,) = batch.groups.values()
        assert numbers(list(batch.lines(entries))) == [0, 2]


def test_a_segment_deleted_by_hand_costs_only_itself(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 100)
    backlog = Backlog(destination(), spool)
    backlog.append(record(1))
    backlog.append(record(2))
    taken = backlog.take(1 << 20)
    assert len(taken) == 2
    taken[0].path.unlink()
    assert read(taken) == [2]
    backlog.discard(taken)
    assert spool.size == 0


def test_half_a_record_on_a_full_disk_is_no_record(spool: Spool) -> None:
    backlog = Backlog(destination(), spool)
    backlog.append(record(1))
    with file_size_limit(backlog.size + 10), pytest.raises(OSError):
        backlog.append(record(2))
    backlog.append(record(3))
    assert read(backlog.take(1 << 20)) == [1, 3]
    backlog.discard(backlog.take(1 << 20))


def test_a_full_disk_leaves_no_segment_without_records(tmp_path: Path, spool: Spool) -> None:
    backlog = Backlog(destination(), spool)
    with file_size_limit(10), pytest.raises(OSError):
        backlog.append(record(1))
    assert not list(tmp_path.glob("*/*.segment"))
    assert backlog.empty
    backlog.append(record(2))
    assert read(backlog.take(1 << 20)) == [2]


def test_what_another_left_is_adopted_with_its_destination(tmp_path: Path, spool: Spool) -> None:
    other = Spool(tmp_path, 100_000)
    wanted = {destination("s3"): [1, 2], destination("firehose", "stream"): [3]}
    for place, written in wanted.items():
        backlog = Backlog(place, other)
        for number in written:
            backlog.append(record(number))
        backlog.close()
    other.release()
    found = spool.adopt()
    assert {place: read(segments) for place, segments in found.items()} == wanted
    assert spool.size == sum(segment.size for left in found.values() for segment in left)
    assert spool.adopt() == {}


@pytest.mark.parametrize("content", [b"", b"garbage\n", b'{"kind":"s3"'])
def test_a_segment_without_a_destination_is_set_aside(
    tmp_path: Path, spool: Spool, content: bytes
) -> None:
    (tmp_path / "dead").mkdir()
    (tmp_path / "dead.lock").touch()
    (tmp_path / "dead" / "1.segment").write_bytes(content)
    assert spool.adopt() == {}
    assert [path.read_bytes() for path in tmp_path.glob("*/*.damaged")] == [content]
