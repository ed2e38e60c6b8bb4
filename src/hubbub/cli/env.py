"""``hubbub env``: what to paste so that AWS's SDKs and tools talk to this server."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hubbub.cli.configuration import add_flags, read_settings
from hubbub.cli.data_directory import prepare, running_addresses
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.cli.commands import Commands

# What a login to AWS leaves behind and SDKs would mix with our key: tokens go into the signature;
# a profile wins over the key in some SDKs, and in others is an error when it does not exist (an
# empty one too, so that nothing less than unsetting helps).
LEFT_OVER = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "env",
        help="print export lines for a data directory",
        description=(
            "Print export lines of the root key, and one that unsets the session token and the"
            ' profile of another login; use: eval "$(hubbub env)"'
        ),
    )
    names = {"data-dir", "host", "port", "region", "account-id"}
    add_flags(parser, only=frozenset(names))
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    from hubbub.access import root_key  # noqa: PLC0415

    settings = prepare(read_settings(given, os.environ))
    running = running_addresses(settings.data_dir)
    key = root_key(settings)
    endpoint = running.http if running else f"http://{_host(settings.host)}:{settings.port}"
    print(exports(settings, endpoint, key.access_key_id, key.secret_access_key))
    return 0


def exports(settings: Settings, endpoint: str, access_key_id: str, secret_access_key: str) -> str:
    """The lines to paste into a shell: exports, and one last line that unsets LEFT_OVER."""
    for wildcard, loopback in (("//0.0.0.0:", "//127.0.0.1:"), ("//[::]:", "//[::1]:")):
        endpoint = endpoint.replace(wildcard, loopback)
    lines = export_lines(
        {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": access_key_id,
            "AWS_SECRET_ACCESS_KEY": secret_access_key,
            "AWS_REGION": settings.region,
            "AWS_DEFAULT_REGION": settings.region,
        }
    )
    return f"{lines}\nunset {' '.join(LEFT_OVER)}"


def export_lines(values: Mapping[str, str]) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
