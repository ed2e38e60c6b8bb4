"""A server's life as its users see it: start, serve, stop, crash, and start again."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from importlib.util import find_spec
from pathlib import Path

import pytest

from hubbub.serve.local_ca import issue, local_ca
from tests.server import NotReady, Server, running_server


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that leave it as it is."""
    with running_server(tmp_path_factory.mktemp("serve") / "data") as server:
        yield server


def get(server: Server, path: str, method: str = "GET") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_ready_line_has_its_form(shared: Server) -> None:
    assert re.fullmatch(
        r"hubbub ready http=http://127\.0\.0\.1:\d+ https=https://127\.0\.0\.1:\d+ media="
        + (r"udp://127\.0\.0\.1:\d+" if find_spec("hubbub_media") else "off"),
        shared.ready_line,
    )


@pytest.mark.parametrize(
    ("path", "body"), [("/healthz", "alive\n"), ("/readyz", "ready\n"), ("/metrics", "# HELP ")]
)
def test_health_needs_no_signature(shared: Server, path: str, body: str) -> None:
    status, text = get(shared, path)
    assert status == 200
    assert text.startswith(body)
    assert get(shared, path, "HEAD") == (200, "")
    assert get(shared, path, "POST")[0] == 405


def test_metrics_carry_the_names_of_the_reference(shared: Server) -> None:
    assert "\nivschat_concurrent_chat_connections 0.0\n" in get(shared, "/metrics")[1]


def test_https_serves_the_same_with_the_local_ca(shared: Server) -> None:
    context = ssl.create_default_context(cafile=shared.ca_certificate)
    port = int(shared.https.rsplit(":", 1)[1])
    for host in ("localhost", "127.0.0.1"):
        connection = HTTPSConnection(host, port, context=context, timeout=5)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()


def test_old_versions_of_tls_are_refused(shared: Server) -> None:
    context = ssl.create_default_context(cafile=shared.ca_certificate)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    port = int(shared.https.rsplit(":", 1)[1])
    with (
        socket.create_connection(("127.0.0.1", port)) as peer,
        pytest.raises(ssl.SSLError, match=r"ALERT_PROTOCOL_VERSION|UNEXPECTED_EOF"),
    ):
        context.wrap_socket(peer, server_hostname="localhost")


@pytest.mark.parametrize(
    ("path", "status"), [("/ivschat", 401), ("/ivschat/", 401), ("/", 401), ("/ivschat/x", 404)]
)
def test_the_messaging_socket_has_its_paths(shared: Server, path: str, status: int) -> None:
    connection = HTTPConnection("127.0.0.1", shared.port, timeout=5)
    connection.request(
        "GET",
        path,
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        },
    )
    assert connection.getresponse().status == status, "without a token"
    connection.close()


def test_plain_http_on_the_tls_port_is_no_trouble(shared: Server) -> None:
    before = shared.log_text()
    with socket.create_connection(("127.0.0.1", int(shared.https.rsplit(":", 1)[1]))) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while peer.recv(1_000):
            pass
    assert shared.log_text() == before


def test_the_data_directory_is_private(shared: Server) -> None:
    assert stat.S_IMODE(shared.data_dir.stat().st_mode) == 0o700
    for file in shared.data_dir.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_a_second_server_on_the_directory_is_refused(shared: Server) -> None:
    with pytest.raises(NotReady, match=r"status 1.*\nhubbub: .*another server is running on"):
        Server(shared.data_dir).start()
    assert get(shared, "/healthz")[0] == 200


def test_a_port_in_use_is_named(shared: Server, tmp_path: Path) -> None:
    with pytest.raises(NotReady) as raised:
        Server(tmp_path, ["--port", str(shared.port)]).start()
    lines = str(raised.value).splitlines()[1:]
    assert lines == [
        f"hubbub: setting port: cannot listen on 127.0.0.1 port {shared.port}:"
        " Address already in use"
    ]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--port=x", "hubbub: setting port (--port) must be a whole number"),
        ("--host=192.0.2.1", "hubbub: setting port: cannot listen on 192.0.2.1"),
        ("--host=no.such.host.invalid", "hubbub: setting host: no.such.host.invalid"),
        ("--data-dir=/dev/null/x", "hubbub: setting data-dir: /dev/null/x: Not a directory"),
        ("--workers=2", "hubbub: setting workers: 2 processes need setting bus-url"),
        ("--tls-certificate=/absent", "hubbub: settings tls-certificate and tls-key belong"),
        ("--database-url=postgresql://127.0.0.1:1/x", "hubbub: "),
        ("--bus-url=redis://127.0.0.1:1", "hubbub: "),
        ("--config=/absent.toml", "hubbub: settings file /absent.toml: No such file"),
    ],
)
def test_what_prevents_a_start_is_said_in_one_line(
    tmp_path: Path, argument: str, message: str
) -> None:
    with pytest.raises(NotReady) as raised:
        Server(tmp_path / "data", [argument]).start()
    first, *log = str(raised.value).splitlines()
    assert "status 1" in first
    log = [line for line in log if '"level":"info"' not in line]
    assert [line[: len(message)] for line in log] == [message]


@pytest.mark.parametrize("name", ["ca.pem", "ca.key"])
def test_a_damaged_ca_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    local_ca(folder)
    (folder / name).write_bytes(b"junk")
    with pytest.raises(NotReady) as raised:
        Server(tmp_path).start()
    first, *log = str(raised.value).splitlines()
    assert "status 1" in first
    (line,) = (line for line in log if '"level":"info"' not in line)
    assert line.startswith(f"hubbub: local CA: {tmp_path}/tls/{name} is not the ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    with running_server(tmp_path) as server:
        idle = socket.create_connection(("127.0.0.1", server.port))
        server.signal(number)
        assert server.wait() == 0
        assert idle.recv(10) == b""
        idle.close()
        assert not (tmp_path / "server.json").exists()
        assert '"exception"' not in server.log_text()


@contextmanager
def unfinished_request(server: Server) -> Iterator[socket.socket]:
    """A connection on which a request lacks the last byte of its body, ``}``."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as peer:
        head = b"POST /GetRoom HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n"
        peer.sendall(head + b"{")
        time.sleep(0.2)  # so that the server has seen it
        yield peer


def test_a_request_under_way_is_finished(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, unfinished_request(server) as peer:
        server.signal(signal.SIGTERM)
        time.sleep(0.2)
        peer.sendall(b"}")
        answer = b""
        while more := peer.recv(10_000):
            answer += more
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"connection: close" in answer
        assert server.wait() == 0


def test_a_request_that_does_not_end_does_not_hold_it_up(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, unfinished_request(server):
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 9


@pytest.mark.parametrize("pause", [0.0, 0.3, 1.2])
def test_further_sigterms_change_nothing(tmp_path: Path, pause: float) -> None:
    with running_server(tmp_path) as server, unfinished_request(server) as peer:
        for _ in range(3):
            server.signal(signal.SIGTERM)
            time.sleep(pause)
        peer.sendall(b"}")
        assert peer.recv(12) == b"HTTP/1.1 403"
        assert server.wait() == 0
        assert '"stopped"' in server.log_text()


def test_signals_up_to_its_last_moment_change_nothing(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        assert server.process is not None
        deadline = time.monotonic() + 15
        while server.process.poll() is None and time.monotonic() < deadline:
            server.signal(signal.SIGTERM)
            time.sleep(0.001)
        assert server.wait() == 0
        assert server.log_text().count('"stopped"') == 1


def test_ctrl_c_is_taken_as_one_for_a_second_and_then_as_impatience(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, unfinished_request(server):
        server.signal(signal.SIGINT)
        time.sleep(0.3)
        server.signal(signal.SIGINT)
        time.sleep(1.0)
        assert server.process is not None
        assert server.process.poll() is None
        server.signal(signal.SIGINT)
        assert server.wait(2) == 1


def test_a_wrapper_that_passes_the_signal_on_does_not_spoil_the_end(tmp_path: Path) -> None:
    """`timeout` gets SIGTERM with the whole group, and sends it to the server and the group."""
    command = [
        sys.executable,
        "-m",
        "hubbub",
        "serve",
        "--port",
        "0",
        "--tls-port",
        "0",
        "--media-port",
        "0",
    ]
    process = subprocess.Popen(
        ["timeout", "60", *command, "--data-dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"hubbub ready ")
        os.killpg(process.pid, signal.SIGTERM)
        _, log = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == 0
    assert b'"stopped"' in log


def test_it_starts_again_after_a_kill(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        room = server.boto3("ivschat").create_room(name="kept")
        server.kill()
        server.start()
        assert server.boto3("ivschat").get_room(identifier=room["arn"])["name"] == "kept"


def test_certificates_are_reloaded_while_it_runs(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()

    def renew() -> None:
        issue(folder, frozenset({"localhost"}), *local_ca(folder))

    renew()
    files = ["--tls-certificate", str(folder / "server.pem"), "--tls-key"]
    with running_server(tmp_path / "data", *files, str(folder / "server.key")) as server:
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        port = int(server.https.rsplit(":", 1)[1])

        def served() -> bytes | None:
            with (
                socket.create_connection(("localhost", port)) as peer,
                context.wrap_socket(peer, server_hostname="localhost") as secured,
            ):
                return secured.getpeercert(binary_form=True)

        before = served()
        renew()
        deadline = time.monotonic() + 10
        while served() == before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert served() != before
        assert not (server.data_dir / "tls").exists()


def test_logs_are_json_lines(tmp_path: Path) -> None:
    with running_server(tmp_path, environment={"HUBBUB_PROT": "1"}) as server:
        assert server.stop() == 0
        lines = server.log_text().splitlines()
        assert all(re.fullmatch(r'\{"time":"[^"]+Z?","level":.*\}', line) for line in lines)
        assert any('"variable":"HUBBUB_PROT"' in line for line in lines)
