"""Several processes behind one parent, over a real PostgreSQL and Redis."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.server import NotReady, Server, running_server

WORKERS = 3


@pytest.fixture
def arguments(postgresql_url: str, redis_url: str) -> list[str]:
    return [
        *("--workers", str(WORKERS)),
        *("--database-url", postgresql_url),
        *("--bus-url", redis_url),
    ]


@contextmanager
def serving(data_dir: Path, arguments: list[str]) -> Iterator[Server]:
    with running_server(data_dir, *arguments) as server:
        workers = set(children(server))
        try:
            yield server
        finally:
            server.kill()
            wait_until(lambda: not any(map(lives, workers)))


def children(server: Server) -> list[int]:
    assert server.process is not None
    pid = server.process.pid
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split() if lives(int(child))]


def lives(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(holds: object, seconds: float = 15) -> None:
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def get(server: Server, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_they_share_ports_and_data(tmp_path: Path, arguments: list[str]) -> None:
    with serving(tmp_path, arguments) as server:
        assert len(children(server)) == WORKERS
        arn = server.boto3("ivschat").create_room(name="shared")["arn"]
        for _ in range(20):  # a connection each, so that every worker gets some
            assert server.boto3("ivschat").get_room(identifier=arn)["name"] == "shared"
            assert get(server, "/readyz") == (200, "ready\n")
        assert server.stop() == 0


def test_metrics_are_those_of_all(tmp_path: Path, arguments: list[str]) -> None:
    with serving(tmp_path, arguments) as server:
        status, text = get(server, "/metrics")
        assert status == 200
        assert "\nivschat_concurrent_chat_connections 0.0\n" in text


def test_one_that_dies_is_started_again(tmp_path: Path, arguments: list[str]) -> None:
    with serving(tmp_path, arguments) as server:
        before = set(children(server))
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: not lives(victim))
        wait_until(lambda: len(children(server)) == WORKERS)
        assert before - set(children(server)) == {victim}
        for _ in range(20):
            assert get(server, "/healthz")[0] == 200
        assert '"status":-9' in server.log_text()
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert server.process is not None
        assert server.process.stdout is not None
        assert server.process.stdout.read() == b"", "there is one ready line"


def test_a_signal_to_the_whole_group_is_one_signal(tmp_path: Path, arguments: list[str]) -> None:
    """As Ctrl-C at a terminal sends it."""
    with serving(tmp_path, arguments) as server:
        workers = children(server)
        for pid in workers:
            os.kill(pid, signal.SIGINT)
        server.signal(signal.SIGINT)
        assert server.wait() == 0
        assert not any(map(lives, workers))
        assert server.log_text().count('"stopped"') == WORKERS


def test_sigterm_again_does_not_cut_the_end_short(tmp_path: Path, arguments: list[str]) -> None:
    """As `timeout` sends it: to the parent, and to the group."""
    with serving(tmp_path, arguments) as server:
        workers = children(server)
        for _ in range(3):
            server.signal(signal.SIGTERM)
            for pid in workers:
                os.kill(pid, signal.SIGTERM)
        assert server.wait() == 0
        assert server.log_text().count('"stopped"') == WORKERS


def test_orphans_end_by_themselves(tmp_path: Path, arguments: list[str]) -> None:
    with serving(tmp_path, arguments) as server:
        workers = children(server)
        server.signal(signal.SIGKILL)
        wait_until(lambda: not any(map(lives, workers)))
        server.kill()
        server.start()
        assert get(server, "/healthz")[0] == 200


def test_what_prevents_a_start_is_said_once(tmp_path: Path, arguments: list[str]) -> None:
    nowhere = ["--database-url", "postgresql://127.0.0.1:1/x"]
    with pytest.raises(NotReady) as raised:
        Server(tmp_path, [*arguments, *nowhere]).start(30)
    first, *log = str(raised.value).splitlines()
    assert "status 1" in first
    lines = [line for line in log if not line.startswith("{")]
    assert [line[:8] for line in lines] == ["hubbub: "]


def test_a_port_in_use_is_not_shared_with_strangers(tmp_path: Path, arguments: list[str]) -> None:
    with (
        serving(tmp_path / "first", arguments) as server,
        pytest.raises(NotReady, match="Address already in use"),
    ):
        Server(tmp_path / "second", [*arguments, "--port", str(server.port)]).start()
