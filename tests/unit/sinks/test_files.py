"""Files in the place of services: what is where, and who may read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.settings import SettingsError, SinkSettings
from hubbub.sinks import open_sinks
from tests.unit.sinks.stage import (
    HOUR,
    LAYOUTS,
    START,
    Stage,
    destination,
    file_size_limit,
    lines_of,
    numbers,
    record,
    until,
)


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def test_objects_by_partition_and_hour(stage: Stage) -> None:
    sinks = stage.open()
    for number in range(4):
        sinks.write(destination(), record(number, f"room{number % 2}"))
    sinks.write(destination(), record(9, "room1", START + HOUR))
    await stage.ship()
    root = stage.data_dir / "logs" / "chat-logs" / "objects"
    found = {
        str(path.relative_to(root)).rpartition("-")[0]: numbers(lines_of(path.read_bytes()))
        for path in root.rglob("*.gz")
    }
    assert found == {
        f"room0/{START}": [0, 2],
        f"room1/{START + 1}": [1, 3],
        f"room1/{START + HOUR}": [9],
    }
    for path in root.rglob("*.gz"):
        assert path.stat().st_mode & 0o777 == 0o600
        suffix = path.name.removesuffix(".log.gz").rpartition("-")[2]
        assert len(suffix) == 8
        int(suffix, 16)


async def test_streams_are_appended_to(stage: Stage) -> None:
    sinks = stage.open()
    for turn in range(2):
        for room in ("a", "b"):
            sinks.write(destination("cloudWatchLogs", "/aws/chat"), record(turn, room))
        await stage.ship(10)
    for room in ("a", "b"):
        path = stage.data_dir / "logs" / "aws" / "chat" / "streams" / f"{room}.log"
        assert numbers(path.read_bytes().splitlines()) == [0, 1]
        assert path.stat().st_mode & 0o777 == 0o600


async def test_delivery_streams_are_appended_to(stage: Stage) -> None:
    sinks = stage.open()
    for turn in range(2):
        sinks.write(destination("firehose", "chat-stream"), record(turn))
        await stage.ship(10)
    path = stage.data_dir / "logs" / "chat-stream.log"
    assert numbers(path.read_bytes().splitlines()) == [0, 1]


async def test_a_directory_of_ones_own(stage: Stage, tmp_path: Path) -> None:
    settings = SinkSettings(
        s3=f"file:{tmp_path}/s3",
        cloudwatch_logs=f"file:{tmp_path}/cw",
        firehose=f"file://{tmp_path}/fh",
    )
    sinks = stage.open(settings)
    sinks.write(destination("s3"), record(1))
    sinks.write(destination("cloudWatchLogs", "group"), record(1))
    sinks.write(destination("firehose", "stream"), record(1))
    await stage.ship()
    assert len(list((tmp_path / "s3" / "chat-logs").rglob("*.gz"))) == 1
    assert (tmp_path / "cw" / "group" / "streams" / "room1.log").exists()
    assert (tmp_path / "fh" / "stream.log").exists()
    assert not (stage.data_dir / "logs").exists()


async def test_names_do_not_lead_out(stage: Stage, tmp_path: Path) -> None:
    sinks = stage.open()
    for kind in ("s3", "cloudWatchLogs", "firehose"):
        sinks.write(destination(kind, "../../../evil"), record(1, "../../../../evil"))
    await stage.ship()
    written = [path for path in files_below(tmp_path) if "spool" not in path.parts]
    assert len(written) == 3
    assert all(stage.data_dir / "logs" in path.parents for path in written)


async def test_another_attempt_goes_on_where_the_last_one_ended(stage: Stage) -> None:
    sinks = stage.open()
    streams = stage.data_dir / "logs" / "group" / "streams"
    (streams / "b.log").mkdir(parents=True)  # in the way
    for room in ("a", "b"):
        sinks.write(destination("cloudWatchLogs", "group"), record(1, room))
    await stage.pass_time(10)
    await until(lambda: stage.clock.due_within(60))
    assert (streams / "a.log").is_file()
    (streams / "b.log").rmdir()
    await stage.ship(1)
    for room in ("a", "b"):
        assert numbers((streams / f"{room}.log").read_bytes().splitlines()) == [1]


async def test_on_a_full_disk_files_hold_whole_batches_only(stage: Stage) -> None:
    sinks = stage.open()
    chat = destination("firehose", "chat")
    sinks.write(chat, record(1))
    await stage.ship(10)
    path = stage.data_dir / "logs" / "chat.log"
    for number in range(100):
        sinks.write(chat, record(number))
        sinks.write(destination(), record(number))
    with file_size_limit(40):
        await stage.pass_time(300)
        await until(lambda: len(stage.clock.due_within(60)) == 2)  # both have failed
        assert numbers(path.read_bytes().splitlines()) == [1]
        assert files_below(stage.data_dir / "logs") == [path]
    await stage.ship(60)
    assert numbers(path.read_bytes().splitlines()) == [1, *range(100)]


@pytest.mark.parametrize(
    "value", ["nonsense", "ftp://host/", "http://", "http://host:x/", "file:relative", "file:"]
)
@pytest.mark.parametrize("name", ["s3", "cloudwatch_logs", "firehose"])
async def test_bad_settings_are_refused_with_their_name(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"sinks.{name.replace('_', '-')}"):
        open_sinks(SinkSettings(**{name: value}), tmp_path, LAYOUTS)  # type: ignore[arg-type]
    assert not (tmp_path / "spool").exists()


async def test_a_password_in_an_endpoint_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        open_sinks(SinkSettings(s3="http://me:hunter2@host/"), tmp_path, LAYOUTS)
    assert "hunter2" not in str(refused.value)
