"""``hubbub serve``: the server, verifying every signature."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from hubbub.cli.configuration import add_flags, read_settings, unknown_names
from hubbub.cli.data_directory import ServerLock, prepare

if TYPE_CHECKING:
    from hubbub.cli.commands import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "serve",
        help="serve; settings come from hubbub.toml, HUBBUB_* and flags",
        description="Serve. Each flag is also a setting in hubbub.toml and in the environment.",
    )
    add_flags(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    settings = prepare(read_settings(given, os.environ))
    lock = ServerLock(settings.data_dir)
    try:
        # Only now, because serving is slow to import and settings are quick to refuse.
        from hubbub.cli.serving import serve  # noqa: PLC0415

        return serve(settings, lock, unknown_names(os.environ))
    finally:
        lock.release()
