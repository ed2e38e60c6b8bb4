"""A real `hubbub serve` in a process of its own, for tests that stand outside it.

    with running_server(tmp_path, environment={"HUBBUB_LIMITS_ROOMS": "3"}) as server:
        client = server.boto3("ivschat")

Everything listens on free ports of the loopback interface.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from types_boto3_ivschat.client import IvschatClient

ROOT_KEY = ("AKIAHUBBUBTESTS00000", "tests-secret-access-key")


class NotReady(Exception):
    """The server ended, or said nothing in time; the text holds its log."""


@dataclass
class Server:
    """A running server. `start` and `stop` may alternate; the data directory stays."""

    data_dir: Path
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = "serve"
    http: str = ""  # "http://127.0.0.1:40123"
    https: str = ""
    ready_line: str = ""
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None

    def start(self, timeout: float = 20) -> Server:
        """Start it and wait for the ready line; NotReady if that does not come."""
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("HUBBUB_")
        }
        environment["HUBBUB_ROOT_ACCESS_KEY_ID"], environment["HUBBUB_ROOT_SECRET_ACCESS_KEY"] = (
            ROOT_KEY
        )
        environment.update(self.environment)
        # `dev` makes a data directory of its own.
        where = ["--data-dir", str(self.data_dir)] if self.command == "serve" else []
        self.close_log()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the server
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "hubbub", self.command),
                *("--port", "0", "--tls-port", "0", "--media-port", "0"),
                *where,
                *self.arguments,
            ],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        self.ready_line = self._read_ready_line(timeout)
        words = dict(word.split("=", 1) for word in self.ready_line.split()[2:])
        self.http, self.https = words["http"], words["https"]
        return self

    def _read_ready_line(self, timeout: float) -> str:
        assert self.process and self.process.stdout
        deadline = time.monotonic() + timeout
        output = self.process.stdout
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([output], [], [], left)[0]:
                break
            line = output.readline().decode()
            if line.startswith("hubbub ready "):
                return line.strip()
            if not line:  # it is about to end
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(5)
                break
        status = self.process.poll()
        self.kill()
        text = self.log_text()
        self.close_log()
        raise NotReady(f"no ready line (status {status}); its log:\n{text}")

    @property
    def websocket(self) -> str:
        """The messaging URL: ``ws://127.0.0.1:40123/ivschat``."""
        return f"ws{self.http.removeprefix('http')}/ivschat"

    @property
    def port(self) -> int:
        return int(self.http.rsplit(":", 1)[1])

    @property
    def ca_certificate(self) -> Path:
        """Certificate of the local CA, for clients of `https`."""
        return self.data_dir / "tls" / "ca.pem"

    @overload
    def boto3(self, service: Literal["ivschat"], **options: Any) -> IvschatClient: ...
    @overload
    def boto3(self, service: str, **options: Any) -> Any: ...
    def boto3(self, service: str, **options: Any) -> Any:
        """A client of the root key, region us-east-1, without retries."""
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        given: dict[str, Any] = {
            "endpoint_url": self.http,
            "region_name": "us-east-1",
            "aws_access_key_id": ROOT_KEY[0],
            "aws_secret_access_key": ROOT_KEY[1],
            "config": Config(retries={"total_max_attempts": 1}),
        }
        client: Any = boto3.client
        return client(service, **(given | options))

    def log_text(self) -> str:
        """Everything on stderr up to now."""
        assert self.log
        self.log.flush()
        return os.pread(self.log.fileno(), 1 << 30, 0).decode(errors="replace")

    def close_log(self) -> None:
        if self.log:
            self.log.close()
            self.log = None

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def wait(self, timeout: float = 15) -> int:
        """Its exit status."""
        assert self.process
        return self.process.wait(timeout)

    def stop(self, timeout: float = 15) -> int:
        """SIGTERM; its exit status (0 for a clean end)."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, when it still runs."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait(15)
            if self.process.stdout:
                self.process.stdout.close()


@contextmanager
def running_server(
    data_dir: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    command: str = "serve",
) -> Iterator[Server]:
    """A server that is ready; killed at the end if the test has not stopped it."""
    server = Server(data_dir, arguments, environment or {}, command)
    try:
        yield server.start()
    finally:
        server.kill()
        server.close_log()
