"""The root key and the files with secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hubbub.access import root_key
from hubbub.access.secret_file import read_or_create
from hubbub.settings import Settings, SettingsError

MAKE_FOR_EVER = """
import itertools, os, sys
from pathlib import Path
from hubbub.access.secret_file import read_or_create
for i in itertools.count():
    read_or_create(Path(sys.argv[1], f"secret-{i}"), lambda: os.urandom(1 << 16))
"""


def test_a_root_key_is_made_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    key = root_key(settings)
    assert key.access_key_id.startswith("AKIA")
    assert root_key(settings) == key
    assert (tmp_path / "root-key.json").stat().st_mode & 0o777 == 0o600


def test_settings_come_first_and_leave_no_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, root_access_key_id="me", root_secret_access_key="secret")
    key = root_key(settings)
    assert (key.access_key_id, key.secret_access_key) == ("me", "secret")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"access_key_id": 1}'])
def test_a_damaged_file_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "root-key.json").write_bytes(content)
    with pytest.raises(SettingsError, match=r"root-key\.json"):
        root_key(Settings(data_dir=tmp_path))


def test_a_missing_directory_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be made"):
        root_key(Settings(data_dir=tmp_path / "missing"))


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "root-key.json").mkdir()
    with pytest.raises(SettingsError, match=r"root-key\.json cannot be read"):
        root_key(Settings(data_dir=tmp_path))


def test_all_who_make_a_file_at_once_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: read_or_create(path, lambda: os.urandom(8)), range(32)))
    assert len(set(made)) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_leaves_whole_files_only(tmp_path: Path) -> None:
    maker = subprocess.Popen([sys.executable, "-c", MAKE_FOR_EVER, str(tmp_path)])
    end = time.monotonic() + 20
    while not (tmp_path / "secret-20").exists() and time.monotonic() < end:
        time.sleep(0.01)
    maker.send_signal(signal.SIGKILL)
    maker.wait()
    made = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert len(made) > 20
    assert {path.stat().st_size for path in made} == {1 << 16}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
