"""The one description of configuration.

Names in hubbub.toml, environment names, flags, checks, help texts and the reference in
``docs/reference/settings.md`` all derive from the fields below (`described` lists them;
`hubbub.cli.configuration` reads their values). A field `rooms` of the table `limits` is
``rooms`` below ``[limits]`` in TOML, ``HUBBUB_LIMITS_ROOMS`` and ``--limits-rooms``.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any


class SettingsError(Exception):
    """A setting has a value that cannot be used. The text names it and holds no secret."""


@dataclass(frozen=True, slots=True)
class About:
    """What there is to say of one setting besides its type and default."""

    help: str
    bounds: tuple[int, int] | None = None  # of integers, both included
    pattern: str | None = None  # of texts, for the whole value; the default is always allowed
    form: str = ""  # the pattern in words
    secret: bool = False  # no flag, because command lines are public; never printed
    masked: bool = False  # may hold a password: messages leave the value out


_PORT = (0, 65_535)
_RATE = (0, 1_000_000)
_COUNT = (1, 1_000_000_000)
_DESTINATION = (None, r"aws|https?://\S+|file:/.*", "aws, a URL or file:/directory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Quotas (spec ivs-chat section 9, chime-identity section 8, chime-meetings A.13).

    0 switches a rate limit off.
    """

    api_call_rates: Annotated[bool, About("enforce AWS's rates of API calls (429 beyond)")] = False
    concurrent_connections: Annotated[
        int, About("open chat connections of an account and region", _COUNT)
    ] = 50_000
    rooms: Annotated[int, About("rooms of an account and region", _COUNT)] = 50_000
    logging_configurations: Annotated[
        int, About("logging configurations of an account and region", _COUNT)
    ] = 10
    connection_requests_per_second: Annotated[
        int, About("requests of one chat connection, all actions together", _RATE)
    ] = 10
    room_messages_per_second: Annotated[
        int | None, About("messages of one room; unset: as each room says", _RATE)
    ] = None
    messages_per_second: Annotated[
        int, About("messages of all rooms of an account and region", _RATE)
    ] = 1_000
    deletes_per_second: Annotated[
        int, About("DeleteMessage of all rooms, by API and WebSocket together", _RATE)
    ] = 100
    disconnects_per_second: Annotated[
        int, About("DisconnectUser of all rooms, by API and WebSocket together", _RATE)
    ] = 100
    app_instances: Annotated[int, About("app instances of an account and region", _COUNT)] = 100
    app_instance_users: Annotated[int, About("users of one app instance", _COUNT)] = 100_000
    app_instance_admins: Annotated[int, About("admins of one app instance", _COUNT)] = 100
    endpoints_per_user: Annotated[int, About("push endpoints of one app instance user", _COUNT)] = (
        10
    )
    meetings: Annotated[int, About("meetings of an account and region at a time", _COUNT)] = 250
    attendees_per_meeting: Annotated[
        int, About("attendees of a meeting; MeetingFeatures may say fewer", _COUNT)
    ] = 250
    attendees_per_high_definition_meeting: Annotated[
        int, About("the same with Video FHD or Content UHD", (1, 250))
    ] = 25
    replicas_per_meeting: Annotated[int, About("replicas of one meeting", _COUNT)] = 4
    videos_per_meeting: Annotated[int, About("cameras of a meeting at a time", _COUNT)] = 25
    videos_per_attendee: Annotated[
        int, About("videos that one attendee receives at a time", _COUNT)
    ] = 25
    content_shares_per_meeting: Annotated[
        int, About("content shares of a meeting at a time", _COUNT)
    ] = 2
    transcriptions: Annotated[
        int, About("meetings that one process transcribes at a time", _COUNT)
    ] = 25
    meeting_calls_per_second: Annotated[
        int,
        About(
            "calls of each operation of meetings by an account and region, if api-call-rates holds;"
            " twice as many in a burst",
            _RATE,
        ),
    ] = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """Functions that review messages or hear of meetings: Lambda ARN -> where it really is.

    In TOML the ARNs stand in the table itself; ``HUBBUB_FUNCTIONS`` holds the map as JSON. Targets
    are ``http://…`` or ``https://…`` (the event is POSTed as JSON, the answer is JSON),
    ``python:package.module:callable`` and ``lambda:https://endpoint`` (Lambda's own Invoke API).
    """

    targets: dict[str, str] = field(default_factory=dict)
    concurrency: Annotated[int, About("invocations of one function at a time", (1, 100_000))] = 100
    response_bytes: Annotated[
        int, About("longer answers of a function are invalid", (1_024, 6_291_556))
    ] = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSettings:
    """Roles that STS's AssumeRole gives temporary credentials for: ARN -> what the role is.

    In TOML each role is a table below ``[roles]``; ``HUBBUB_ROLES`` holds the map as JSON.
    ``policy`` is the path of a JSON file or, starting with ``{``, the policy itself. ``trust`` is a
    list of access key ids and ARNs of roles, or ``"*"`` for all callers of the role's account; the
    root key may assume every role. ``max-session-duration`` is 3600 seconds, up to 43200.
    """

    policy: str  # the document itself
    trust: tuple[str, ...] = ()
    max_session_duration: int = 3600  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSettings:
    """Where log records go, and events of meetings. Unset: into files below ``<data-dir>/logs``."""

    s3: Annotated[str, About("S3: aws, an endpoint URL or file:/directory", *_DESTINATION)] = ""
    cloudwatch_logs: Annotated[str, About("CloudWatch Logs, in the same way", *_DESTINATION)] = ""
    firehose: Annotated[str, About("Firehose, in the same way", *_DESTINATION)] = ""
    sns: Annotated[
        str, About("SNS, for topics that meetings name, in the same way", *_DESTINATION)
    ] = ""
    sqs: Annotated[
        str, About("SQS, for queues that meetings name, in the same way", *_DESTINATION)
    ] = ""
    events: Annotated[
        str,
        About(
            "where all events of meetings go: aws (EventBridge), a URL that takes each as JSON by"
            " POST, or file:/directory; unset: nowhere",
            *_DESTINATION,
        ),
    ] = ""
    s3_interval_seconds: Annotated[
        int, About("one S3 object per room and interval", (1, 86_400))
    ] = 300
    interval_seconds: Annotated[
        int, About("how long records wait for company on their way elsewhere", (1, 3_600))
    ] = 10
    spool_bytes: Annotated[
        int,
        About(
            "records kept on disk while a destination fails; more are dropped and counted",
            (1_048_576, 1 << 50),
        ),
    ] = 1_073_741_824


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where Hubbub listens, where it keeps its state, and who it is."""

    data_dir: Annotated[Path, About("directory of the database, keys and certificates")] = Path(
        ".hubbub"
    )
    host: Annotated[
        str, About("address to listen on", None, r"[^\s/]+", "an address or a host name")
    ] = "127.0.0.1"
    port: Annotated[int, About("port of HTTP and ws; 0: any free one", _PORT)] = 4480
    tls_port: Annotated[int, About("port of HTTPS and wss; 0: any free one", _PORT)] = 4443
    media: Annotated[
        bool, About("hold meetings here, if the package hubbub-media is installed")
    ] = True
    media_host: Annotated[
        str,
        About(
            "address on which media of meetings arrive; unset: as host",
            pattern=r"[^\s/]+",
            form="an address or a host name",
        ),
    ] = ""
    media_port: Annotated[
        int, About("UDP and TCP port of media of meetings; 0: any free one", _PORT)
    ] = 4478
    media_addresses: Annotated[
        str,
        About(
            "addresses at which clients reach media-port, separated by commas; unset: media-host,"
            " or this machine's own",
            pattern=r"[0-9A-Fa-f.:]+(\s*,\s*[0-9A-Fa-f.:]+)*",
            form="IP addresses separated by commas",
        ),
    ] = ""
    media_threads: Annotated[
        int | None, About("threads that carry media; unset: one per processor", (1, 256))
    ] = None
    database_url: Annotated[
        str,
        About(
            "postgresql://… or sqlite:///path; unset: SQLite in the data directory",
            pattern=r"(postgresql(\+asyncpg)?|postgres|sqlite)://\S*",
            form="postgresql://… or sqlite:///…",
            masked=True,
        ),
    ] = field(default="", repr=False)
    bus_url: Annotated[
        str,
        About(
            "redis://… of the Valkey or Redis that connects several nodes; unset: one node",
            pattern=r"(rediss?|valkeys?|unix)://\S+",
            form="redis://… or rediss://…",
            masked=True,
        ),
    ] = field(default="", repr=False)
    region: Annotated[
        str,
        About(
            "default region of the command line and the root key",
            pattern=r"[a-z0-9][a-z0-9-]{0,62}",
            form="lower-case letters, digits and hyphens",
        ),
    ] = "us-east-1"
    account_id: Annotated[
        str, About("account of the root key", None, r"[0-9]{12}", "12 digits")
    ] = "000000000000"
    public_url: Annotated[
        str,
        About(
            "where clients of meetings reach this server; unset: where the API was called",
            pattern=r"https?://[^\s/?#@]+",
            form="https://host or http://host:port",
        ),
    ] = ""
    transcription: Annotated[
        str,
        About(
            "what recognises speech in meetings: whisper, python:package.module:callable or off;"
            " unset: whisper, if it is installed",
            pattern=r"whisper|off|python:[\w.]+:[\w.]+",
            form="whisper, off or python:package.module:callable",
        ),
    ] = ""
    demo: Annotated[
        bool | None,
        About(
            "serve a page for trying meetings below /demo, for everybody who can reach it; unset:"
            " if host is a loopback address"
        ),
    ] = None
    workers: Annotated[
        int,
        About(
            "processes sharing the listeners; more than 1 needs bus-url and a PostgreSQL"
            " database-url, and holds no meetings",
            (1, 256),
        ),
    ] = 1
    connections: Annotated[
        int, About("connections of all kinds that a process holds; more are refused", _COUNT)
    ] = 60_000
    tls_certificate: Annotated[
        Path | None,
        About("certificate chain (PEM), reloaded on change; unset: one of the local CA"),
    ] = None
    tls_key: Annotated[Path | None, About("private key (PEM) of tls-certificate")] = None
    log_level: Annotated[
        str,
        About(
            "least severity that is logged",
            pattern=r"debug|info|warning|error",
            form="debug, info, warning or error",
        ),
    ] = "info"
    root_access_key_id: Annotated[
        str,
        About(
            "access key id of the root key; unset: made at first start, kept in the data directory",
            pattern=r"[^\s/,=&]{1,128}",
            form="up to 128 characters without spaces and / , = &",
            secret=True,
        ),
    ] = ""
    root_secret_access_key: Annotated[
        str,
        About("secret access key of the root key", None, r"\S{1,256}", "no spaces", secret=True),
    ] = field(default="", repr=False)
    secret_key: Annotated[
        str,
        About(
            "key that seals secrets and tokens, the same on every node; unset: made at first start",
            pattern=r"\S{16,}",
            form="at least 16 characters without spaces",
            secret=True,
        ),
    ] = field(default="", repr=False)
    limits: Limits = field(default_factory=Limits)
    functions: FunctionSettings = field(default_factory=FunctionSettings)
    roles: dict[str, RoleSettings] = field(default_factory=dict)
    sinks: SinkSettings = field(default_factory=SinkSettings)


@dataclass(frozen=True, slots=True)
class Setting:
    """One scalar setting with its derived names."""

    table: str  # "": not in a table
    field_name: str
    type: type  # bool, int, str or Path
    default: object  # None: optional
    about: About

    @property
    def name(self) -> str:
        """As in messages and TOML: ``tls-port``, ``limits.rooms``."""
        own = self.field_name.replace("_", "-")
        return f"{self.table}.{own}" if self.table else own

    @property
    def environment(self) -> str:
        return f"HUBBUB_{self.name}".upper().replace("-", "_").replace(".", "_")

    @property
    def flag(self) -> str | None:
        return None if self.about.secret else "--" + self.name.replace(".", "-")


TABLES: dict[str, type] = {
    "limits": Limits,
    "functions": FunctionSettings,
    "sinks": SinkSettings,
}


def described() -> Iterator[Setting]:
    """All scalar settings, those of tables last."""
    yield from _scalars("", Settings)
    for name, table in TABLES.items():
        yield from _scalars(name, table)


def _scalars(table_name: str, table: Any) -> Iterator[Setting]:
    hints = typing.get_type_hints(table, include_extras=True)
    for entry in fields(table):
        hint = hints[entry.name]
        for about in getattr(hint, "__metadata__", ()):
            kind = hint.__origin__
            if isinstance(kind, types.UnionType):  # "int | None"
                kind = typing.get_args(kind)[0]
            yield Setting(table_name, entry.name, kind, entry.default, about)
