"""Processes keep apart while they live, and leave to each other what they did not finish."""

from __future__ import annotations

from pathlib import Path

from hubbub.sinks.worker_directory import WorkerDirectory


def test_the_living_are_left_alone(tmp_path: Path) -> None:
    first, second = WorkerDirectory(tmp_path), WorkerDirectory(tmp_path)
    (first.path / "a.segment").write_bytes(b"a")
    assert first.path != second.path
    assert second.adopt() == []
    assert (first.path / "a.segment").exists()
    first.release()
    second.release()


def test_the_files_of_the_dead_are_adopted_once(tmp_path: Path) -> None:
    gone = WorkerDirectory(tmp_path)
    for name in ("b.segment", "a.segment"):
        (gone.path / name).write_bytes(b"x")
    gone.release()
    first, second = WorkerDirectory(tmp_path), WorkerDirectory(tmp_path)
    assert first.adopt() == [first.path / "a.segment", first.path / "b.segment"]
    assert second.adopt() == []
    assert not gone.path.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["lock", first.id, second.id, f"{first.id}.lock", f"{second.id}.lock"]
    )
    first.release()
    second.release()


def test_nothing_is_left_of_one_that_finished(tmp_path: Path) -> None:
    WorkerDirectory(tmp_path).release()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_lock_without_a_directory_is_cleared_away(tmp_path: Path) -> None:
    """What a process leaves that dies between making the one and the other."""
    (tmp_path / "dead.lock").touch()
    own = WorkerDirectory(tmp_path)
    assert own.adopt() == []
    assert not (tmp_path / "dead.lock").exists()
    own.release()


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    own = WorkerDirectory(tmp_path / "spool")
    for path in (tmp_path / "spool", own.path):
        assert path.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "spool" / f"{own.id}.lock").stat().st_mode & 0o777 == 0o600
    own.release()


def test_descriptors_are_closed(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        own = WorkerDirectory(tmp_path)
        own.adopt()
        own.release()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
