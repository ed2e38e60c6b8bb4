"""A real PostgreSQL for the tests: fresh data, a free port, no fsync."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from pathlib import Path

from tests.services.process import ServiceFailed, ServiceProcess, unprivileged

_USER = "postgres"
_WHERE = Path("/usr/lib/postgresql")


def _binaries() -> Path:
    """The newest installed version's directory; Debian has it outside of PATH."""
    found = [path.parent for path in _WHERE.glob("*/bin/initdb")]
    if not found:
        raise ServiceFailed(f"no {_WHERE}/*/bin/initdb: install Debian's postgresql")
    return max(found, key=lambda path: float(path.parent.name))


class PostgresqlServer:
    """One server with any number of databases. `stop` and `start` keep port and data."""

    def __init__(self) -> None:
        self._binaries = _binaries()
        self._process = ServiceProcess("postgresql", unprivileged(_USER))
        self._data = self._process.directory / "data"
        self._numbers = itertools.count(1)
        try:
            self._run(
                "initdb",
                f"--pgdata={self._data}",
                f"--username={_USER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
            )
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def port(self) -> int:
        return self._process.port

    def url(self, database: str) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"hubbub_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY")  # the quicker one
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def clear_database(self, url: str) -> None:
        """Make a database as new, whoever is still connected to it; ten times quicker than one."""
        name = url.rpartition("/")[2]
        self.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid();"
            f"ALTER DATABASE {name} RESET ALL; DROP SCHEMA public CASCADE; CREATE SCHEMA public",
            name,
        )

    def execute(self, statement: str, database: str = "postgres") -> str:
        """What psql prints for the statement, unadorned."""
        return self._run("psql", "-XAtqc", statement, self.url(database))

    def start(self) -> None:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._process.directory,
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "32MB",
            "max_connections": "200",
            "autovacuum": "off",
            "deadlock_timeout": "50ms",
            "log_min_messages": "fatal",
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        command = [str(self._binaries / "postgres"), "-D", str(self._data), *options]
        self._process.launch(command, self._answers)

    def stop(self, number: int = signal.SIGQUIT) -> None:
        """Stop at once, as in a crash; all connections break."""
        self._process.kill(number)

    def close(self) -> None:
        self.stop()
        self._process.remove()

    def _answers(self) -> bool:
        ready = [str(self._binaries / "pg_isready"), "-q", "-h127.0.0.1", f"-p{self.port}"]
        return subprocess.run(ready, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> str:
        # Becoming another user costs a fork of the whole test run.
        user = self._process.user if program == "initdb" else None
        done = subprocess.run(
            [str(self._binaries / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            user=user,
            extra_groups=None if user is None else [],
            cwd=self._process.directory,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        if done.returncode != 0:
            raise ServiceFailed(f"{program} failed: {done.stderr}")
        return done.stdout.strip()
