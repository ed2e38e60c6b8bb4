"""``hubbub dev``: a throw-away server on the loopback interface that accepts any credentials."""

from __future__ import annotations

import argparse
import ipaddress
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.cli.configuration import add_flags, read_settings, unknown_names
from hubbub.cli.data_directory import ServerLock, prepare
from hubbub.cli.env import exports
from hubbub.settings import Settings, SettingsError, described

if TYPE_CHECKING:
    from hubbub.cli.commands import Commands

# What a throw-away server of one process has no use for.
_WITHOUT = {"data-dir", "database-url", "bus-url", "workers", "tls-certificate", "tls-key"}


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "dev",
        help="loopback only, temporary store, any credentials accepted; prints the env to paste",
        description="Serve for development: nothing is kept and no signature is checked.",
    )
    names = frozenset(setting.name for setting in described())
    add_flags(parser, only=names - _WITHOUT)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    settings = read_settings(given, os.environ)
    if not _is_loopback(settings.host):
        raise SettingsError(
            f"setting host: hubbub dev accepts any credentials, so it listens on the loopback"
            f" interface only, not on {settings.host}"
        )
    directory = Path(tempfile.mkdtemp(prefix="hubbub-dev-"))
    try:
        return _serve(
            prepare(
                replace(
                    settings,
                    data_dir=directory,
                    database_url="",
                    bus_url="",
                    workers=1,
                    tls_certificate=None,
                    tls_key=None,
                )
            )
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _serve(settings: Settings) -> int:
    from hubbub.cli.serving import serve  # noqa: PLC0415
    from hubbub.serve.listeners import Listeners  # noqa: PLC0415

    def print_exports(listeners: Listeners) -> None:
        print(exports(settings, listeners.http, "hubbub", "hubbub-dev"), flush=True)

    lock = ServerLock(settings.data_dir)
    try:
        return serve(
            settings, lock, unknown_names(os.environ), any_credentials=True, then=print_exports
        )
    finally:
        lock.release()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
