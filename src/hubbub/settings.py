"""The one description of configuration.

Defaults, TOML names, environment names (``HUBBUB_`` + upper case), flags, checks and the reference
in ``docs/reference/settings.md`` derive from the fields below.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Quotas of spec ivs-chat section 9. 0 switches a rate limit off."""

    api_call_rates: bool = False
    concurrent_connections: int = 50_000
    rooms: int = 50_000
    logging_configurations: int = 10
    connection_requests_per_second: int = 10
    room_messages_per_second: int | None = None  # None: as each room says
    messages_per_second: int = 1_000  # all rooms of an account and region
    deletes_per_second: int = 100
    disconnects_per_second: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    targets: dict[str, str] = field(default_factory=dict)  # Lambda ARN -> target
    concurrency: int = 100
    response_bytes: int = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSettings:
    """Where each kind of destination really is: an endpoint URL, ``file:/directory`` or ``aws``."""

    s3: str = ""  # "": files below <data-dir>/logs
    cloudwatch_logs: str = ""
    firehose: str = ""
    s3_interval_seconds: int = 300
    interval_seconds: int = 10
    spool_bytes: int = 1_073_741_824


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    data_dir: Path = Path(".hubbub")
    host: str = "127.0.0.1"
    port: int = 4480
    tls_port: int = 4443
    media_port: int = 4478
    database_url: str = ""  # "": SQLite in the data directory
    bus_url: str = ""  # "": in-process
    region: str = "us-east-1"
    account_id: str = "000000000000"
    workers: int = 1
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    root_access_key_id: str = ""
    root_secret_access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    limits: Limits = field(default_factory=Limits)
    functions: FunctionSettings = field(default_factory=FunctionSettings)
    sinks: SinkSettings = field(default_factory=SinkSettings)
