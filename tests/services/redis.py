"""A real Redis or Valkey for the tests: a free port, nothing kept on disk."""

from __future__ import annotations

import shutil
import signal
import socket

from tests.services.process import ServiceFailed, ServiceProcess


class RedisServer:
    """One server. `stop` and `start` keep the port and lose the data."""

    def __init__(self) -> None:
        program = shutil.which("valkey-server") or shutil.which("redis-server")
        if program is None:
            raise ServiceFailed("no valkey-server or redis-server: install Debian's redis-server")
        self._program = program
        self._process = ServiceProcess("redis")
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def port(self) -> int:
        return self._process.port

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self._process.directory),
            "save": "",
            "appendonly": "no",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        self._process.launch([self._program, *options], self._answers)

    def stop(self, number: int = signal.SIGKILL) -> None:
        self._process.kill(number)

    def close(self) -> None:
        self.stop()
        self._process.remove()

    def flush(self) -> None:
        """Forget all data."""
        assert self._command("FLUSHALL") == b"+OK\r\n"

    def _answers(self) -> bool:
        try:
            return self._command("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def _command(self, text: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(text.encode() + b"\r\n")
            return connection.recv(1024)
